"""The store beside its slow twin, in memory and on disk."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from engine.tsdb.options import StoreOptions
from engine.tsdb.store import Store
from promql.model.labels import Labels
from promql.model.matchers import Matcher, MatchOp
from promql.model.panel import Kind, Need
from promql.model.staleness import STALE_NAN
from tests.tsdb.twin import HOUR, Answer, Twin, answer, batch, equal, everything, named

SMALL = StoreOptions(seal_rows=5, seal_samples=12, seal_age_ms=200_000, segment_bytes=2000, cache_bytes=2000)
SERIES = [named("m", i=str(i)) for i in range(8)]
VALUES = st.sampled_from([0.0, 1.0, 2.5, float("inf"), float("nan"), STALE_NAN])


@dataclass(frozen=True)
class Step:
    source: str
    batches: tuple[tuple[int, tuple[tuple[Labels, float], ...]], ...]
    maintain: bool
    reopen: bool


def batches() -> st.SearchStrategy[tuple[int, tuple[tuple[Labels, float], ...]]]:
    samples = st.dictionaries(st.sampled_from(SERIES), VALUES, max_size=8).map(lambda d: tuple(d.items()))
    full = st.builds(lambda v: tuple((s, v) for s in SERIES), VALUES)
    return st.tuples(st.integers(0, 60), st.one_of(full, full, samples))


def steps() -> st.SearchStrategy[list[Step]]:
    """Mostly rising times; several sources name the same series; now and then upkeep or a new start."""
    step = st.builds(
        Step,
        source=st.sampled_from(["a", "a", "a", "b"]),
        batches=st.lists(batches(), min_size=1, max_size=4).map(tuple),
        maintain=st.integers(0, 9).map(lambda n: n == 0),
        reopen=st.integers(0, 9).map(lambda n: n == 0),
    )
    return st.lists(step, max_size=30).map(_rising)


def _rising(found: list[Step]) -> list[Step]:
    return [
        Step(s.source, tuple(((at * 20 + t) * 1000, series) for t, series in s.batches), s.maintain, s.reopen)
        for at, s in enumerate(found)
    ]


def needs() -> st.SearchStrategy[Need]:
    edges = st.tuples(st.integers(0, 700_000), st.integers(0, 700_000)).map(sorted)
    return st.builds(lambda e, kind: everything(kind, e[0], e[1]), edges, st.sampled_from([Kind.INSTANT, Kind.RANGE]))


@given(steps=steps(), need=needs())
def test_the_store_in_memory_and_its_twin_agree(steps: list[Step], need: Need) -> None:
    store, twin = Store.open(None, SMALL), Twin()
    for step in steps:
        _both(store, twin, step)
        if step.maintain:
            store.maintain(0)
    for question in (need, everything(), everything(Kind.RANGE)):
        assert answer(store, question) == twin.select(question)
    for question in (need, everything()):
        last = replace(question, kind=Kind.NEWEST)
        assert ends(answer(store, last)) == ends(twin.select(last))


@given(steps=steps(), need=needs())
def test_the_store_on_disk_and_its_twin_agree_over_restarts(
    steps: list[Step], need: Need, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder, twin = tmp_path_factory.mktemp("store"), Twin()
    store = Store.open(folder, SMALL)
    for step in steps:
        _both(store, twin, step)
        if step.maintain:
            store.maintain(0)
        if step.reopen:
            store.close()
            store = Store.open(folder, SMALL)
            assert store.recovery.damages == ()
    for question in (need, everything(), everything(Kind.RANGE)):
        assert answer(store, question) == twin.select(question)
    for question in (need, everything()):
        last = replace(question, kind=Kind.NEWEST)
        assert ends(answer(store, last)) == ends(twin.select(last))
    store.close()


def ends(found: Answer) -> dict[Labels, tuple[int, bytes]]:
    """The last sample of each series."""
    return {labels: samples[-1] for labels, samples in found.items()}


def _both(store: Store, twin: Twin, step: Step) -> None:
    source = store.source(step.source)
    told = store.append(source, [batch(source, time, series) for time, series in step.batches])
    assert told == twin.append(step.batches)


def test_steady_series_are_one_panel_over_parts_rows_and_the_newest_instant(tmp_path: Path) -> None:
    store = Store.open(tmp_path, StoreOptions(seal_rows=10))
    source = store.source("job/instance")
    for at in range(35):
        store.append(source, [batch(source, at * 15_000, [(s, float(at)) for s in SERIES])])
        if at == 25:
            assert store.maintain(0).stored_parts == 2
    (panel,) = store.select(everything(Kind.RANGE))
    assert panel.times.tolist() == [at * 15_000 for at in range(35)]
    assert panel.values.tolist() == [[float(at) for at in range(35)]] * len(SERIES)
    store.close()


def test_of_the_newest_samples_one_of_each_series_is_handed_over_while_nothing_is_out_of_the_ordinary() -> None:
    store = Store.open(None, StoreOptions(seal_rows=10))
    for at in range(35):
        for name, series in (("b", SERIES[1::2]), ("a", SERIES[::2])):
            source = store.source(name)
            store.append(source, [batch(source, at * 15_000, [(s, float(at)) for s in series])])
        store.maintain(0)
    for end in (34, 33):
        (found,) = store.select(everything(Kind.NEWEST, 0, end * 15_000))
        assert list(found.labels) == sorted(SERIES, key=lambda one: (int(one.get("i")) % 2 == 0, one))
        assert found.values.tolist() == [float(end)] * len(SERIES)
        assert found.times.tolist() == [end * 15_000] * len(SERIES)


def test_rows_are_the_same_object_until_a_series_comes_or_others_need_the_room() -> None:
    store = Store.open(None)
    source = store.source("a")
    crowd = [named("m", i=str(i)) for i in range(1000)]
    store.append(source, [batch(source, 1000, [(s, 1.0) for s in crowd])])

    def rows(name: str = "m") -> Sequence[Labels]:
        (found,) = store.select(Need((equal("__name__", name),), 0, 1000, Kind.NEWEST))
        return found.labels

    first = rows()
    assert rows() is first
    store.append(source, [batch(source, 1000, [(named("n"), 1.0)])])
    second = rows()
    assert second is not first
    assert list(second) == list(first)
    for number in range(20):
        store.select(Need((Matcher("i", MatchOp.NOT_EQUAL, f"x{number}"),), 0, 1000, Kind.NEWEST))
    assert rows() is not second


def test_a_sample_an_hour_behind_the_newest_is_out_of_bounds() -> None:
    store = Store.open(None)
    a, b = store.source("a"), store.source("b")
    store.append(a, [batch(a, 2 * HOUR, [(named("x"), 1.0)])])
    told = store.append(b, [batch(b, HOUR - 1, [(named("y"), 1.0)])])
    assert told.out_of_bounds == 1
    assert store.append(b, [batch(b, HOUR, [(named("y"), 1.0)])]).appended == 1
