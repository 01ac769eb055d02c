"""The store of lines against its twin: whatever is pushed, sealed, closed and opened, a reader finds the same."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.foundation.files import FolderLockedError
from engine.logs.store.head import Run
from engine.logs.store.options import LogOptions
from engine.logs.store.store import LogStore
from promql.model.labels import Labels
from promql.model.matchers import Matcher, MatchOp
from tests.logs.twin import EVER, EVERYTHING, Twin, answer, named, run

SMALL = LogOptions(blob_bytes=64, seal_bytes=1 << 30, compact_files=2)
A, B, OTHER = named(job="a"), named(job="b", path="/x"), named("other", job="a")

entries = st.lists(
    st.tuples(st.integers(0, 12), st.binary(max_size=9) | st.sampled_from([b"", b"a\nb", b"same"])), max_size=8
)
steps = st.lists(
    st.tuples(st.just("push"), st.sampled_from([A, B, OTHER]), entries)
    | st.tuples(st.sampled_from(["seal", "open", "compact"])),
    max_size=12,
)


def pushed(store: LogStore, twin: Twin, who: object, what: list[tuple[int, bytes]]) -> None:
    store.append([(who, run(what))], {}, 0)  # type: ignore[list-item]
    twin.append(who, what)  # type: ignore[arg-type]


@given(steps=steps, start=st.integers(-1, 13), length=st.integers(0, 14), kept=st.booleans())
def test_a_reader_finds_each_line_once_in_order(
    steps: list[tuple[object, ...]], start: int, length: int, kept: bool
) -> None:
    with TemporaryDirectory() as folder:
        place = Path(folder) if kept else None
        store, twin = LogStore(place, SMALL), Twin()
        for step in steps:
            if step[0] == "push":
                pushed(store, twin, *step[1:])  # type: ignore[arg-type]
            elif step[0] == "seal":
                store.seal()
            elif step[0] == "compact":
                store.compact()
            elif step[0] == "open" and kept:
                store.close()
                store = LogStore(place, SMALL)
        for tenant in ("fake", "other", "nobody"):
            for backward in (False, True):
                assert answer(store, tenant, backward=backward) == twin.answer(tenant)
                part = answer(store, tenant, start, start + length, backward=backward)
                assert part == twin.answer(tenant, start, start + length)
        store.close()


def test_equal_lines_of_one_instant_are_kept_once_and_others_in_their_order() -> None:
    store = LogStore(None)
    store.append([(A, run([(5, b"A"), (5, b"A"), (5, b"B"), (5, b"A")]))], {}, 0)
    store.append([(A, run([(5, b"B"), (5, b"C")]))], {}, 0)
    assert answer(store) == {'{job="a"}': [(5, b"A"), (5, b"B"), (5, b"C")]}


def test_what_is_pushed_again_after_sealing_is_found_once() -> None:
    store = LogStore(None)
    for _ in range(3):
        store.append([(A, run([(1, b"x"), (2, b"y")]))], {}, 0)
        store.seal()
    assert answer(store) == {'{job="a"}': [(1, b"x"), (2, b"y")]}


def test_positions_are_kept_with_the_lines_and_outlive_sealing(tmp_path: Path) -> None:
    store = LogStore(tmp_path)
    store.append([(A, run([(1, b"x")]))], {"/var/log/a": "10", "/var/log/b": "7"}, 0)
    store.seal()
    store.append([], {"/var/log/a": "12", "/var/log/b": ""}, 0)
    store.close()
    again = LogStore(tmp_path)
    assert again.positions() == {"/var/log/a": "12"}
    again.close()


def test_metadata_of_lines_stays_with_them(tmp_path: Path) -> None:
    trace = Labels.of(trace_id="1")
    store = LogStore(tmp_path)
    before = run([(3, b"late"), (1, b"early")])
    store.append([(A, Run(before.text, before.sizes, before.times, {0: trace}))], {}, 0)

    def found() -> list[tuple[bytes, object]]:
        (block,) = store.reader("fake").blocks(EVERYTHING, *EVER)
        return [(block.text(), dict(block.metadata()))]

    expected = [(b"early\nlate\n", {1: trace})]
    assert found() == expected
    store.close()
    store = LogStore(tmp_path)
    assert found() == expected
    store.seal()
    assert found() == expected
    store.close()


def test_a_view_that_was_taken_does_not_change() -> None:
    store = LogStore(None)
    store.append([(A, run([(1, b"x")]))], {}, 0)
    blocks = list(store.reader("fake").blocks(EVERYTHING, *EVER))
    store.append([(A, run([(2, b"y")]))], {}, 0)
    store.seal()
    store.append([(A, run([(3, b"z")]))], {}, 0)
    assert [block.text() for block in blocks] == [b"x\n"]


def test_streams_are_those_that_match_and_have_lines_in_that_time() -> None:
    store = LogStore(None)
    store.append([(A, run([(1, b"x")])), (B, run([(9, b"y")]))], {}, 0)
    reader = store.reader("fake")
    assert reader.streams(EVERYTHING, 0, 10) == [A.labels, B.labels]
    assert reader.streams(EVERYTHING, 0, 9) == [A.labels]
    assert reader.streams([Matcher("path", MatchOp.NOT_EQUAL, "")], 0, 10) == [B.labels]
    assert reader.streams([Matcher("job", MatchOp.NOT_EQUAL, "a")], 0, 10) == [B.labels]


def test_a_second_process_is_told_who_holds_the_folder(tmp_path: Path) -> None:
    store = LogStore(tmp_path)
    with pytest.raises(FolderLockedError):
        LogStore(tmp_path)
    store.close()


def test_many_small_streams_share_a_file(tmp_path: Path) -> None:
    store = LogStore(tmp_path)
    store.append([(named(job=str(n)), run([(n, b"line")])) for n in range(500)], {}, 0)
    store.seal()
    assert len(list(tmp_path.glob("*.lines"))) == 1
    assert len(answer(store)) == 500
    store.close()
