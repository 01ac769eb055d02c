"""Series that come and go, put together from parts."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from engine.names.index import Index
from engine.tsdb.batch import Batch
from engine.tsdb.names.names import SeriesNames
from engine.tsdb.options import StoreOptions
from engine.tsdb.parts import Samples
from engine.tsdb.reading.strands import strands
from engine.tsdb.store import Store
from promql.model.labels import Labels
from promql.model.panel import Kind, Panel, Strands
from promql.model.staleness import STALE_NAN
from tests.tsdb.twin import Twin, answer, batch, equal, everything, named

LABELS = [Labels.of(i=str(i)) for i in range(400)]
REFS = np.arange(10, 410, dtype=np.int64)
NAMES = SeriesNames(LABELS, REFS, Index(), 0)


def piece(rows: dict[int, list[int]]) -> Samples:
    """Each row's instants; a sample's value tells both."""
    times = [time for row in sorted(rows) for time in rows[row]]
    values = [100.0 * row + time for row in sorted(rows) for time in rows[row]]
    return Samples(
        np.array(sorted(rows), np.int64),
        np.array([len(rows[row]) for row in sorted(rows)], np.int64),
        np.array(times, np.int64),
        np.array(values),
    )


@given(st.lists(st.dictionaries(st.integers(0, 4), st.sets(st.integers(0, 9), min_size=1)), max_size=4))
def test_every_sample_is_there_once_in_order_of_time(given_pieces: list[dict[int, set[int]]]) -> None:
    seen: dict[int, set[int]] = {}
    pieces = []
    for rows in given_pieces:
        new = {row: times - seen.get(row, set()) for row, times in rows.items()}
        for row, times in new.items():
            seen.setdefault(row, set()).update(times)
        if new := {row: sorted(times) for row, times in new.items() if times}:
            pieces.append(piece(new))
    found = {}
    for one in strands(NAMES, REFS, pieces):
        assert (np.diff(one.refs) > 0).all()
        for ref, labels, times, values in one.series():
            assert labels == LABELS[ref - 10]
            assert ref not in found
            found[ref] = times.tolist()
            assert values.tolist() == [100.0 * (ref - 10) + time for time in found[ref]]
    assert found == {10 + row: sorted(times) for row, times in seen.items() if times}


def test_series_share_a_panel_only_where_all_instants_are_the_same() -> None:
    kinds = [[1, 2, 4, *range(10, 300)], [1, 3, 4, *range(10, 300)], [1, 2, 4, *range(10, 299)]]
    instants = {row: kinds[row % 3] for row in range(300)}
    found = list(strands(NAMES, REFS, [piece(instants)]))
    assert {ref: times.tolist() for one in found for ref, _, times, _ in one.series()} == {
        10 + row: times for row, times in instants.items()
    }
    assert any(isinstance(one, Panel) and len(one.refs) == 100 for one in found)


def test_series_that_come_and_go_lie_on_the_instants_of_their_table_whatever_parts_they_lie_in() -> None:
    store = Store.open(None, StoreOptions(seal_rows=10))
    source = store.source("pods")
    for nth in range(60):
        living = [named("x", pod=f"{g}-{i}") for g in range(nth // 3, nth // 3 + 3) for i in range(4)]
        ended = [named("x", pod=f"{nth // 3 - 1}-{i}") for i in range(4)] if nth and not nth % 3 else []
        values = np.array([float(nth)] * len(living) + [STALE_NAN] * len(ended))
        store.append(source, [Batch(nth, source.columns([*living, *ended]), values)])
        if nth % 7 == 0:
            store.maintain(nth)
    found = store.select(everything(Kind.RANGE))
    (one,) = found
    assert isinstance(one, Strands)
    assert len(one.refs) == 22 * 4
    assert len(one.times) == 60
    assert all(values.tolist() == times.tolist() for _, _, times, values in one.series())


def test_a_window_that_reaches_into_a_sealed_part_shows_it_and_what_is_open() -> None:
    store = Store.open(None, StoreOptions(seal_rows=10))
    source = store.source("target")
    for nth in range(26):
        series = [named("up"), named("x")] if nth != 14 else [named("x")]
        store.append(source, [Batch(nth, source.columns(series), np.full(len(series), float(nth)))])
        if nth == 15:
            store.maintain(nth)
        for start in range(0, nth + 1, 3):
            need = everything(Kind.INSTANT, start, nth)
            got = answer(store, type(need)((equal("__name__", "up"),), start, nth, Kind.INSTANT))
            wanted = [time for time in range(start, nth + 1) if time != 14]
            assert [time for time, _ in got.get(named("up"), [])] == wanted


def test_crowds_that_live_alike_and_loners_among_them_are_all_found_with_their_samples() -> None:
    store, twin = Store.open(None, StoreOptions(seal_rows=50)), Twin()
    source = store.source("pods")
    for nth in range(300):
        crowd = [named("x", pod=f"{nth // 150}-{i}") for i in range(40)]
        loners = [named("x", loner=str(nth // 7 + i)) for i in range(3)] if nth % 11 else []
        series = [(labels, float(at + nth)) for at, labels in enumerate([*crowd, *loners])]
        store.append(source, [batch(source, nth, series)])
        twin.append([(nth, series)])
        if nth % 60 == 0:
            store.maintain(nth)
    for need in (everything(Kind.RANGE), everything(Kind.INSTANT, 20, 290)):
        assert answer(store, need) == twin.select(need)
        assert any(isinstance(one, Panel) for one in store.select(need))
