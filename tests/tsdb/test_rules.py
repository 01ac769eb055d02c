"""Which samples are taken: one test a rule; all together they are tested beside the twin."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from engine.tsdb.batch import Appended, Batch
from engine.tsdb.options import StoreOptions
from engine.tsdb.store import Store
from promql.model.labels import Labels
from promql.model.staleness import NORMAL_BITS, STALE_BITS, STALE_NAN
from tests.tsdb.twin import HOUR, answer, batch, everything, named

X = named("x")


def times(store: Store) -> list[int]:
    return [time for time, _ in answer(store, everything()).get(X, [])]


def append(store: Store, *samples: tuple[int, float], key: str = "s") -> Appended:
    source = store.source(key)
    return store.append(source, [batch(source, time, [(X, value)]) for time, value in samples])


def test_times_must_rise() -> None:
    store = Store.open(None)
    assert append(store, (1000, 1.0)) == Appended(1)
    assert append(store, (999, 1.0)) == Appended(out_of_order=1)
    assert append(store, (1001, 1.0)) == Appended(1)
    assert times(store) == [1000, 1001]


def test_the_same_sample_again_is_accepted_and_changes_nothing() -> None:
    store = Store.open(None)
    append(store, (1000, float("nan")))
    assert append(store, (1000, float("nan"))) == Appended(1)
    assert times(store) == [1000]


def test_another_value_for_the_same_time_is_a_duplicate() -> None:
    store = Store.open(None)
    append(store, (1000, 0.0))
    assert append(store, (1000, -0.0)) == Appended(duplicate=1)
    assert append(store, (1000, STALE_NAN)) == Appended(duplicate=1)


def test_the_value_of_a_stored_sample_is_remembered_over_a_restart(tmp_path: Path) -> None:
    store = Store.open(tmp_path, StoreOptions(seal_rows=1))
    append(store, (1000, 1.0))
    append(store, (2000, 2.0))
    store.source("s").seal()
    store.maintain(0)
    store.close()
    store = Store.open(tmp_path)
    assert append(store, (2000, 2.0)) == Appended(1)
    assert append(store, (2000, 3.0)) == Appended(duplicate=1)
    assert append(store, (1000, 1.0)) == Appended(out_of_order=1)
    store.close()


def test_the_rules_hold_between_the_batches_of_one_commit() -> None:
    store = Store.open(None)
    told = append(store, (10, 1.0), (20, 2.0), (20, 2.0), (20, 3.0), (15, 1.0), (30, 1.0), (10, 1.0))
    assert told == Appended(appended=4, duplicate=1, out_of_order=2)
    assert times(store) == [10, 20, 30]


def test_the_rules_hold_between_sources_that_share_a_series() -> None:
    store = Store.open(None)
    append(store, (1000, 1.0), key="a")
    assert append(store, (900, 1.0), key="b") == Appended(out_of_order=1)
    assert append(store, (1000, 2.0), key="b") == Appended(duplicate=1)
    assert append(store, (1100, 2.0), key="b") == Appended(1)
    assert append(store, (1050, 2.0), key="a") == Appended(out_of_order=1)
    assert times(store) == [1000, 1100]


def test_the_rules_hold_over_a_restart_for_a_series_whose_newest_sample_is_in_another_sources_part(
    tmp_path: Path,
) -> None:
    store = Store.open(tmp_path)
    append(store, (1000, 1.0), key="a")
    append(store, (2000, 1.0), key="b")
    store.source("b").seal()
    store.maintain(0)
    store.close()
    store = Store.open(tmp_path)
    assert append(store, (1500, 1.0), key="a") == Appended(out_of_order=1)
    assert append(store, (2000, 1.0), key="a") == Appended(1)
    assert append(store, (2000, 2.0), key="a") == Appended(duplicate=1)
    store.close()


def test_the_bound_of_a_commit_is_that_of_its_beginning() -> None:
    store = Store.open(None)
    assert append(store, (0, 1.0), (3 * HOUR, 1.0)) == Appended(2)
    assert append(store, (2 * HOUR - 1, 1.0), key="b") == Appended(out_of_bounds=1)


def test_nans_are_made_ordinary_and_stale_markers_stay() -> None:
    store = Store.open(None)
    source = store.source("s")
    odd = np.array([0xFFF8DEAD00000000, int(STALE_BITS), 0x7FF0000000000003], np.uint64).view(np.float64)
    store.append(source, [Batch(0, source.columns([named("m", i=str(i)) for i in range(3)]), odd)])
    (panel,) = store.select(everything())
    assert panel.values.view(np.uint64).ravel().tolist() == [int(NORMAL_BITS), int(STALE_BITS), int(NORMAL_BITS)]


def test_what_a_caller_does_with_its_arrays_afterwards_changes_nothing() -> None:
    store = Store.open(None)
    source = store.source("s")
    columns, values = source.columns([X]), np.ones(1)
    store.append(source, [Batch(0, columns, values)])
    values[0], columns[0] = 7.0, 5
    (panel,) = store.select(everything())
    assert panel.values.tolist() == [[1.0]]


@pytest.mark.parametrize("column", [-1, 1])
def test_a_column_that_the_source_does_not_have_is_refused(column: int) -> None:
    store = Store.open(None)
    source = store.source("s")
    source.column(X)
    with pytest.raises(IndexError, match="columns 0 to 0 only"):
        store.append(source, [Batch(0, np.array([column]), np.ones(1))])


@pytest.mark.parametrize("batches", [[], [Batch(0, np.empty(0, np.int64), np.empty(0))]])
def test_an_empty_commit_changes_nothing(batches: list[Batch]) -> None:
    store = Store.open(None)
    assert store.append(store.source("s"), batches) == Appended()
    assert store.select(everything()) == []


def test_a_registered_series_shows_only_once_it_has_a_sample() -> None:
    store = Store.open(None)
    source = store.source("s")
    assert source.column(X) == source.column(X) == 0
    assert source.columns([X, named("y")]).tolist() == [0, 1]
    assert store.series((), 0, HOUR) == []
    append(store, (0, 1.0))
    assert store.series((), 0, HOUR) == [X]


def test_series_and_labels_are_those_that_lived_in_the_span() -> None:
    store = Store.open(None)
    source = store.source("s")
    store.append(source, [batch(source, 0, [(named("old", a="1"), 1.0)])])
    store.append(source, [batch(source, 1000, [(named("new", b="2"), 1.0)])])
    assert store.series((), 500, 2000) == [named("new", b="2")]
    assert store.label_names((), 500, 2000) == ["__name__", "b"]
    assert store.label_names(None, 500, 2000) == ["__name__", "a", "b"]
    assert store.label_values("__name__", (), 0, 500) == ["old"]
    assert store.label_values("a", (), 0, 2000) == ["1"]
    assert store.label_names(None, 2000, 3000) == store.label_values("a", None, 2000, 3000) == []


def test_stats_count_series_parts_and_samples() -> None:
    store = Store.open(None)
    assert (store.stats().series, store.stats().min_time, store.stats().max_time) == (0, 0, 0)
    append(store, (1000, 1.0), (2000, 1.0), (2000, 5.0))
    stats = store.stats()
    assert (stats.series, stats.parts, stats.min_time, stats.max_time) == (1, 1, 1000, 2000)
    assert stats.totals == Appended(2, duplicate=1)
    assert stats.labels.series_by_metric == (("x", 1),)


def test_series_are_numbered_in_the_order_of_their_creation() -> None:
    store = Store.open(None)
    source = store.source("s")
    series = [Labels.of(__name__="m", i=i) for i in "cab"]
    store.append(source, [batch(source, 0, [(s, 1.0) for s in series])])
    (panel,) = store.select(everything())
    assert list(panel.labels) == series
    assert panel.refs.tolist() == [0, 1, 2]


def test_new_series_get_their_columns_in_one_step_known_and_repeated_ones_keep_theirs() -> None:
    store = Store.open(None)
    first, second = store.source("first"), store.source("second")
    series = [named("m", i=str(i)) for i in range(6)]
    assert first.columns(series[2:4]).tolist() == [0, 1]
    assert first.columns([series[0], series[3], series[0], series[1]]).tolist() == [2, 1, 2, 3]
    assert second.columns([series[4], series[2], series[2], series[5]]).tolist() == [0, 1, 1, 2]
    assert first.columns([series[5], series[2]]).tolist() == [4, 0]
    assert second.columns([series[2], series[5]]).tolist() == [1, 2]
    assert first.columns([]).tolist() == []
