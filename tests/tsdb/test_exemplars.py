"""The ring of exemplars, and what of it is there after a restart."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.tsdb.exemplars import Exemplar, Exemplars, Verdict
from engine.tsdb.log.exemplarlog import KeptExemplars
from promql.model.labels import Labels
from promql.model.matchers import Matcher, MatchOp

NOW = 1_700_000_000_000
ALL = ((Matcher("__name__", MatchOp.EQUAL, "x"),),)


def named(nth: int) -> Labels:
    return Labels.of(__name__="x", nth=str(nth))


def exemplar(trace: str, time: int, *, value: float = 1.0, stamped: bool = True) -> Exemplar:
    return Exemplar(Labels.of(trace=trace), value, NOW + time, stamped)


def times(ring: Exemplars, start: int = 0, end: int = 1 << 30) -> dict[int, list[int]]:
    found = ring.select(ALL, NOW + start, NOW + end)
    return {int(series.get("nth")): [one.time - NOW for one in exemplars] for series, exemplars in found}


@given(
    most=st.integers(0, 6),
    steps=st.lists(st.tuples(st.integers(0, 3), st.integers(0, 9), st.sampled_from("ab")), max_size=40),
)
def test_the_newest_of_all_series_are_kept(most: int, steps: list[tuple[int, int, str]]) -> None:
    ring, taken = Exemplars(most), list[tuple[int, Exemplar]]()
    for nth, time, trace in steps:
        one = exemplar(trace, time)
        kept = [other for of, other in taken[max(len(taken) - most, 0) :] if of == nth] if most else []
        if not kept or one.time > kept[-1].time:
            assert ring.add(named(nth), one) is Verdict.KEPT
            taken.append((nth, one))
        else:
            known = kept[-1] == one
            assert ring.add(named(nth), one) is (Verdict.KNOWN if known else Verdict.OUT_OF_ORDER)
    left = taken[max(len(taken) - most, 0) :]
    assert len(ring) == len(left)
    want = {nth: [one.time - NOW for of, one in left if of == nth] for nth, _ in left}
    assert times(ring) == dict(sorted(want.items()))
    assert ring.oldest == (left[0][1].time if left else 0)


def test_one_without_a_time_of_its_own_is_known_again_at_any_time() -> None:
    ring = Exemplars(10)
    assert ring.add(named(1), exemplar("a", 1, stamped=False)) is Verdict.KEPT
    assert ring.add(named(1), exemplar("a", 2, stamped=False)) is Verdict.KNOWN
    assert ring.add(named(1), exemplar("a", 2, stamped=True)) is Verdict.KEPT
    assert ring.add(named(1), exemplar("a", 2, value=2.0)) is Verdict.OUT_OF_ORDER


def test_labels_have_128_characters_at_most_whatever_their_bytes() -> None:
    ring = Exemplars(10)
    assert ring.add(named(1), exemplar("ü" * 123, 1)) is Verdict.KEPT
    assert ring.add(named(1), exemplar("ü" * 124, 2)) is Verdict.TOO_LONG


def test_what_is_asked_for_is_a_span_of_some_series() -> None:
    ring = Exemplars(10)
    for nth in (2, 1, 3):
        for time in (10, 20, 30):
            ring.add(named(nth), exemplar("a", time))
    assert times(ring, 15, 30) == {1: [20, 30], 2: [20, 30], 3: [20, 30]}
    assert times(ring, 31) == {}
    some = [(Matcher("nth", MatchOp.EQUAL, "1"),), (Matcher("nth", MatchOp.EQUAL, "3"),)]
    assert [series.get("nth") for series, _ in ring.select(some, NOW, NOW + 10)] == ["1", "3"]


def test_a_smaller_ring_lets_go_of_the_oldest() -> None:
    ring = Exemplars(4)
    for time in range(4):
        ring.add(named(time % 2), exemplar("a", time))
    ring.resize(1)
    assert times(ring) == {1: [3]}
    assert (len(ring), ring.series) == (1, 1)
    ring.resize(0)
    assert (len(ring), ring.series, ring.oldest) == (0, 0, 0)


@pytest.mark.parametrize("closed", [True, False])
def test_what_was_kept_is_there_after_a_restart(tmp_path: Path, closed: bool) -> None:
    for restart in range(4):
        kept = KeptExemplars(tmp_path, 5)
        assert kept.ring.counts.kept == 0
        before = times(kept.ring)
        for time in range(7):
            kept.add([(named(time % 2), exemplar("a", restart * 7 + time, stamped=bool(time % 3)))])
        if closed:
            kept.close()
        again = KeptExemplars(tmp_path, 5)
        assert times(again.ring) == times(kept.ring) != before
    assert sum(1 for _ in tmp_path.iterdir()) == 2
    assert times(KeptExemplars(tmp_path, 0).ring) == {}


def test_a_torn_record_costs_itself_alone(tmp_path: Path) -> None:
    kept = KeptExemplars(tmp_path, 5)
    kept.add([(named(1), exemplar("a", 1))])
    kept.add([(named(1), exemplar("b", 2))])
    kept.close()
    path = tmp_path / "exemplars.log"
    path.write_bytes(path.read_bytes()[:-3])
    again = KeptExemplars(tmp_path, 5)
    again.add([(named(1), exemplar("c", 3))])
    again.close()
    assert times(KeptExemplars(tmp_path, 5).ring) == {1: [1, 3]}


def test_where_they_can_not_be_logged_they_are_kept_and_that_is_told_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        broken = KeptExemplars(tmp_path / "missing", 5)
        for time in range(3):
            broken.add([(named(1), exemplar("a", time))])
    assert times(broken.ring) == {1: [0, 1, 2]}
    assert [record.message.partition(":")[0] for record in caplog.records] == [
        "exemplars are not logged, and will be gone after a restart"
    ]
