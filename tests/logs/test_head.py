"""Open lines by portions."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from engine.logs.store.head import Head, Run
from engine.logs.store.store import LogStore
from promql.model.labels import Labels
from tests.logs.twin import EVERYTHING, named, run

TIMES = st.lists(st.lists(st.integers(0, 40), min_size=1, max_size=4), min_size=1, max_size=20)


@given(TIMES)
def test_portions_hold_each_line_once_and_are_later_than_those_before(pushes: list[list[int]]) -> None:
    head = Head(portion_bytes=8)
    for times in pushes:
        head.add(run([(time, b"%d" % time) for time in times]))
        portions = head.view.portions
        found = [head.lines(portion) for portion in portions]
        assert [part.times.tolist() for part in found] == [sorted(part.times.tolist()) for part in found]
        assert [(p.first, p.last, p.lines, p.size) for p in portions] == [
            (part.times[0], part.times[-1], len(part), len(part.text)) for part in found
        ]
        assert all(a.last < b.first for a, b in pairwise(portions))
        assert b"".join(part.text for part in found) == head.all_lines().text
        assert sum(p.size for p in portions) == head.view.size


def test_what_was_read_of_a_full_portion_is_not_read_again_while_others_come() -> None:
    head = Head(portion_bytes=8)
    for time in range(10):
        head.add(run([(time, b"12345678")]))
    first = head.lines(head.view.portions[0])
    head.add(run([(10, b"12345678")]))
    assert head.lines(head.view.portions[0]) is first


def test_of_many_open_lines_a_query_gets_those_of_its_time_by_portions() -> None:
    store = LogStore(None)
    who = named(job="a")
    for time in range(8):
        store.append([(who, run([(time, b"x" * 400_000)]))], {}, 0)
    blocks = list(store.reader("fake").blocks(EVERYTHING, 6, 7))
    assert [(block.labels, block.first, block.last) for block in blocks] == [(Labels.of(job="a"), 6, 7)]
    assert blocks[0].size == 2 * 400_001


def test_labels_of_single_lines_stay_with_them() -> None:
    head = Head(portion_bytes=8)
    for time in range(4):
        pushed = run([(time, b"1234"), (time, b"5678")])
        head.add(Run(pushed.text, pushed.sizes, pushed.times, {1: Labels.of(time=str(time))}))
    found = [head.lines(portion).metadata for portion in head.view.portions]
    assert found == [{1: Labels.of(time=str(time))} for time in range(4)]
