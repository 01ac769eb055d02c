"""Requests for many sources beside the twin: whole or not at all."""

from __future__ import annotations

import copy
from collections.abc import Sequence

from hypothesis import example, given
from hypothesis import strategies as st

from engine.tsdb.options import StoreOptions
from engine.tsdb.request import Refusal
from engine.tsdb.store import Store
from promql.model.labels import Labels
from tests.tsdb.twin import HOUR, Twin, answer, batch, everything, named

SERIES = [named("m", i=str(i)) for i in range(4)]
Batches = list[tuple[int, tuple[tuple[Labels, float], ...]]]

TIMES = st.one_of(st.integers(0, 5), st.sampled_from([HOUR, HOUR + 3, 3 * HOUR]))


def batches(series: Sequence[Labels]) -> st.SearchStrategy[Batches]:
    samples = st.dictionaries(st.sampled_from(series), st.sampled_from([1.0, 2.0]), min_size=1)
    return st.lists(st.tuples(TIMES, samples.map(lambda d: tuple(d.items()))), max_size=3)


def whole(twin: Twin, writes: Sequence[Batches]) -> bool:
    """The twin takes a request; each batch is judged by what was there before."""
    for batches in writes:
        for one in batches:
            told = copy.deepcopy(twin).append([one])
            if told.out_of_order or told.duplicate or told.out_of_bounds or told.too_old:
                return False
    earliest = twin.newest
    for batches in writes:
        newest, twin.newest = twin.newest, earliest
        twin.append(batches)
        twin.newest = max((time for time in (newest, twin.newest) if time is not None), default=None)
    return True


@given(
    requests=st.lists(st.tuples(batches(SERIES[:2]), batches(SERIES[2:])), max_size=6),
    window=st.sampled_from([0, 0, 2, HOUR, 4 * HOUR]),
)
@example(
    requests=[([(0, ((SERIES[0], 1.0),))], []), ([(1, ((SERIES[0], 1.0),)), (0, ((SERIES[0], 2.0),))], [])], window=2
)
def test_requests_are_taken_as_the_twin_takes_them(requests: list[tuple[Batches, Batches]], window: int) -> None:
    store, twin = Store.open(None, StoreOptions(seal_rows=3, seal_samples=6, window_ms=window)), Twin()
    twin.window = window
    for at, request in enumerate(requests):
        sources = [store.source(f"{at % 2}"), store.source("c")]
        writes = [
            (source, [batch(source, time, some) for time, some in batches])
            for source, batches in zip(sources, request, strict=True)
        ]
        _, refusal = store.append_whole(writes)
        assert (refusal is None) == whole(twin, request)
        assert answer(store, everything()) == twin.select(everything())


def test_a_refusal_says_why_and_is_counted() -> None:
    store = Store.open(None)
    a, b = store.source("a"), store.source("b")
    store.append_whole([(a, [batch(a, 5, [(SERIES[0], 1.0)])])])
    counts, refusal = store.append_whole(
        [(b, [batch(b, 5, [(SERIES[1], 1.0)])]), (a, [batch(a, 4, [(SERIES[0], 1.0)])])]
    )
    assert refusal is Refusal.OUT_OF_ORDER
    assert counts.out_of_order == 1
    assert (store.totals.appended, store.totals.out_of_order) == (1, 1)
    assert answer(store, everything()).keys() == {SERIES[0]}


def test_a_sample_behind_the_window_refuses_the_request() -> None:
    store = Store.open(None, StoreOptions(window_ms=10))
    a = store.source("a")
    store.append_whole([(a, [batch(a, 100, [(SERIES[0], 1.0)])])])
    counts, refusal = store.append_whole([(a, [batch(a, at, [(SERIES[0], 1.0)]) for at in (95, 89)])])
    assert (refusal, counts.too_old) == (Refusal.TOO_OLD, 1)
    assert store.append_whole([(a, [batch(a, 95, [(SERIES[0], 1.0)])])])[1] is None
    assert [time for time, _ in answer(store, everything())[SERIES[0]]] == [95, 100]


def test_writers_are_the_sources_that_name_a_series_the_first_one_first() -> None:
    store = Store.open(None)
    a, b = store.source("a"), store.source("b")
    assert store.writers(SERIES[0]) == []
    b.column(SERIES[0])
    a.column(SERIES[0])
    assert store.writers(SERIES[0]) == [b, a]
