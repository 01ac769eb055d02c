"""Series that retention has emptied leave memory, and may come again."""

from __future__ import annotations

import numpy as np

from engine.tsdb.batch import Batch
from engine.tsdb.names.graves import GRACE_MS
from engine.tsdb.options import StoreOptions
from engine.tsdb.store import Store
from promql.model.labels import Labels
from promql.model.panel import Kind
from tests.tsdb.twin import answer, everything, named

MINUTE = 60_000
KEPT = 10 * MINUTE


def lived(store: Store, generations: int, *, first: int = 0) -> None:
    """Each generation lives for a minute; upkeep runs at its end."""
    source = store.source("pods")
    for generation in range(first, first + generations):
        labels = [named("x", pod=f"{generation}-{i}") for i in range(10)]
        for nth in range(4):
            at = generation * MINUTE + nth * 15_000
            store.append(source, [Batch(at, source.columns(labels), np.full(10, float(nth)))])
        store.maintain(generation * MINUTE + MINUTE)


def shown(store: Store) -> set[Labels]:
    return set(answer(store, everything(Kind.RANGE)))


def small() -> Store:
    return Store.open(None, StoreOptions(seal_rows=8, seal_age_ms=MINUTE, retention_ms=KEPT))


def test_names_of_dead_series_are_let_go_after_a_while() -> None:
    store = small()
    lived(store, 30)
    catalog = store._state.catalog
    assert len(catalog._numbers) == 300
    lived(store, 200, first=30)
    alive = len(shown(store))
    assert alive < 300
    grace = GRACE_MS // MINUTE * 10
    assert len(catalog._numbers) <= alive + grace + 100
    assert sum(bool(labels.pairs) for labels in catalog.labels) == len(catalog._numbers)


def test_a_series_that_comes_again_after_its_name_went_is_a_new_one_with_the_same_name() -> None:
    store = small()
    lived(store, 100)
    source, labels = store.source("pods"), named("x", pod="0-0")
    (lost,) = source.columns([named("x", pod="99-0")])
    assert not source.lost(np.array([lost])).any()
    (column,) = source.columns([labels])
    assert source.lost(np.array([column])).all()
    store.append(source, [Batch(101 * MINUTE, np.array([column]), np.array([7.0]))])
    assert answer(store, everything(Kind.RANGE))[labels][0][0] == 101 * MINUTE


def test_a_series_that_is_asked_for_in_its_grace_stays_the_same() -> None:
    store = small()
    lived(store, 30)
    source, labels = store.source("pods"), named("x", pod="0-0")
    (first,) = source.columns([labels])
    lived(store, 100, first=30)
    assert source.columns([labels]).tolist() == [first]


def test_losses_tell_when_series_may_have_been_lost() -> None:
    store = small()
    lived(store, 3)
    source = store.source("pods")
    assert source.losses == 0
    lived(store, 30, first=3)
    assert source.losses > 0
    (column,) = source.columns([named("x", pod="1-1")])
    assert source.lost(np.array([column])).tolist() == [True]
