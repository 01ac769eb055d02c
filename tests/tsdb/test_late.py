"""Late samples: one test a rule; all together they are tested beside the twin, with deletions."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.tsdb.batch import Appended
from engine.tsdb.options import StoreOptions
from engine.tsdb.store import Store
from promql.model.labels import Labels
from promql.model.panel import Kind
from tests.tsdb.twin import EVER, HOUR, Twin, answer, batch, bits, everything, named

X, Y = named("x"), named("y")
MINUTE = 60_000
OPTIONS = StoreOptions(window_ms=30 * MINUTE)
SERIES = [named("m", i=str(i)) for i in range(6)]
Commits = list[tuple[str, list[tuple[int, list[tuple[Labels, float]]]], str]]


def append(store: Store, *samples: tuple[int, float], series: Labels = X, key: str = "s") -> Appended:
    source = store.source(key)
    return store.append(source, [batch(source, time, [(series, value)]) for time, value in samples])


def times(store: Store, series: Labels = X) -> list[int]:
    return [time for time, _ in answer(store, everything()).get(series, [])]


def test_a_late_sample_within_the_window_takes_its_place() -> None:
    store = Store.open(None, OPTIONS)
    append(store, (HOUR, 1.0), (HOUR + 10, 2.0))
    assert append(store, (HOUR - MINUTE, 3.0), (HOUR + 5, 4.0)) == Appended(2, late=2)
    assert times(store) == [HOUR - MINUTE, HOUR, HOUR + 5, HOUR + 10]
    assert append(store, (HOUR + 7, 1.0)) == Appended(1, late=1)


def test_beyond_the_window_it_is_too_old() -> None:
    store = Store.open(None, OPTIONS)
    append(store, (HOUR, 1.0))
    assert append(store, (30 * MINUTE - 1, 1.0)) == Appended(too_old=1)
    assert append(store, (30 * MINUTE, 1.0)) == Appended(1, late=1)


def test_a_series_without_later_samples_may_begin_beyond_the_window_within_the_bound() -> None:
    store = Store.open(None, OPTIONS)
    append(store, (2 * HOUR, 1.0))
    assert append(store, (HOUR, 1.0), series=Y) == Appended(1)
    assert append(store, (HOUR - 1, 1.0), series=named("z")) == Appended(too_old=1)


def test_a_window_beyond_the_bound_takes_what_would_be_out_of_bounds() -> None:
    store = Store.open(None, StoreOptions(window_ms=3 * HOUR))
    append(store, (10 * HOUR, 1.0))
    assert append(store, (8 * HOUR, 1.0), series=Y) == Appended(1, late=1)
    assert append(store, (8 * HOUR + 1, 2.0), series=Y) == Appended(1, late=1)
    assert append(store, (7 * HOUR - 1, 1.0), series=Y) == Appended(too_old=1)
    assert times(store, Y) == [8 * HOUR, 8 * HOUR + 1]
    assert store.series((), 0, 8 * HOUR) == [Y]


@pytest.mark.parametrize("sealed", [True, False])
def test_of_two_samples_at_one_time_the_first_stays(sealed: bool) -> None:
    store = Store.open(None, OPTIONS)
    append(store, (HOUR, 1.0), (HOUR + 10, 2.0))
    append(store, (HOUR + 5, 3.0))
    if sealed:
        store.source("s").seal()
        store.maintain(0)
    assert append(store, (HOUR, 9.0), (HOUR + 5, 9.0), (HOUR + 7, 7.0), (HOUR + 7, 9.0)) == Appended(4, late=1)
    assert append(store, (HOUR + 10, 9.0)) == Appended(duplicate=1)
    assert answer(store, everything())[X] == [
        (HOUR, bits(1.0)), (HOUR + 5, bits(3.0)), (HOUR + 7, bits(7.0)), (HOUR + 10, bits(2.0))
    ]  # fmt: skip


def test_a_late_sample_of_another_source_takes_its_place_too() -> None:
    store = Store.open(None, OPTIONS)
    append(store, (HOUR, 1.0), (HOUR + 10, 2.0), key="a")
    assert append(store, (HOUR + 5, 3.0), (HOUR, 9.0), key="b") == Appended(2, late=1)
    assert times(store) == [HOUR, HOUR + 5, HOUR + 10]


def test_late_samples_survive_a_restart_and_a_seal(tmp_path: Path) -> None:
    store = Store.open(tmp_path, OPTIONS)
    append(store, (HOUR, 1.0), (HOUR + 10, 2.0))
    append(store, (HOUR + 7, 3.0), (HOUR + 5, 3.0))
    before = answer(store, everything())
    for _ in range(2):
        store.close()
        store = Store.open(tmp_path, OPTIONS)
        assert answer(store, everything()) == before
        assert append(store, (HOUR + 10, 9.0)) == Appended(duplicate=1), "late ones don't change what is newest"
        store.source("s").seal()
        store.maintain(0)
        assert answer(store, everything()) == before
    store.close()


def test_the_window_may_change_at_any_time() -> None:
    store = Store.open(None)
    append(store, (HOUR, 1.0))
    assert append(store, (HOUR - 1, 1.0)) == Appended(out_of_order=1)
    store.set_window(MINUTE)
    assert append(store, (HOUR - 1, 1.0)) == Appended(1, late=1)
    store.set_window(0)
    assert append(store, (HOUR - 2, 1.0)) == Appended(out_of_order=1)
    assert (store.totals.out_of_order, store.totals.late) == (2, 1)


def test_a_scrape_that_is_late_as_a_whole_is_seen_as_a_whole() -> None:
    store = Store.open(None, OPTIONS)
    source, series = store.source("s"), [named("m", i=str(i)) for i in range(50)]
    for time in (HOUR, HOUR + 30, HOUR + 15):
        store.append(source, [batch(source, time, [(one, float(time)) for one in series])])
    assert {tuple(t for t, _ in samples) for samples in answer(store, everything()).values()} == {
        (HOUR, HOUR + 15, HOUR + 30)
    }


def test_many_late_samples_are_sealed_though_no_newer_one_comes() -> None:
    store = Store.open(None, StoreOptions(window_ms=HOUR, seal_samples=100))
    append(store, (HOUR, 1.0))
    rng = np.random.default_rng(7)
    for time in rng.permutation(1000).tolist():
        append(store, (time, 1.0))
    assert store.source("s").view.parts
    assert times(store) == [*range(1000), HOUR]


def test_late_samples_are_not_sealed_one_by_one() -> None:
    store = Store.open(None, StoreOptions(window_ms=10 * HOUR))
    append(store, (10 * HOUR, 1.0))
    for at in range(20):
        append(store, (at, 1.0))
        store.maintain(0)
    assert store.size.parts == 1


def test_deleting_takes_late_samples_and_later_ones_may_come_in_their_place() -> None:
    store = Store.open(None, OPTIONS)
    append(store, (HOUR, 1.0), (HOUR + 10, 2.0))
    append(store, (HOUR + 5, 3.0))
    store.delete([()], 0, EVER)
    assert times(store) == []
    assert append(store, (HOUR + 5, 4.0)) == Appended(1, late=1)
    assert times(store) == [HOUR + 5]
    assert store.series((), HOUR + 6, EVER) == []


@st.composite
def commits(draw: st.DrawFn) -> Commits:
    """Over some hours, some of them late by up to four; what is done after each."""
    made: Commits = []
    for at in range(draw(st.integers(1, 40))):
        batches = []
        for _ in range(draw(st.integers(1, 2))):
            late = draw(st.one_of(st.just(0), st.integers(0, 240)))
            some = draw(st.one_of(st.just(SERIES), st.lists(st.sampled_from(SERIES), min_size=1, unique=True)))
            batches.append(((at * 10 - late) * MINUTE, [(series, float(draw(st.integers(0, 3)))) for series in some]))
        source = draw(st.sampled_from(["a", "a", "a", "b"]))
        made.append((source, batches, draw(st.sampled_from(["", "", "maintain", "compact", "reopen"]))))
    return made


@given(made=commits())
def test_compaction_changes_no_answer_where_samples_came_late(
    made: Commits, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder, twin = tmp_path_factory.mktemp("store"), Twin()
    options = StoreOptions(seal_rows=4, window_ms=3 * HOUR)
    store, twin.window = Store.open(folder, options), 3 * HOUR
    for key, batches, then in made:
        source = store.source(key)
        told = store.append(source, [batch(source, time, series) for time, series in batches])
        assert told == twin.append(batches)
        if then in ("maintain", "compact"):
            store.maintain(0)
        if then == "compact":
            store.compact()
        if then == "reopen":
            store.close()
            store = Store.open(folder, options)
            assert store.recovery.damages == ()
    for need in (everything(), everything(Kind.RANGE, 2 * HOUR, 5 * HOUR)):
        assert answer(store, need) == twin.select(need)
    store.close()
