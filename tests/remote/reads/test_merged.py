"""A store's samples and others' are one series: by time, each time once, the store's first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from engine.remote.reads.merged import Fetched, Merged, Samples, united
from engine.tsdb.batch import Batch
from engine.tsdb.store import Store
from promql.model.labels import Labels
from promql.model.matchers import Matcher, MatchOp
from promql.model.panel import Kind, Need, Selected
from promql.model.staleness import STALE_NAN

EVERYTHING = (Matcher("__name__", MatchOp.EQUAL, "m"),)
Series = Mapping[int, Mapping[int, float]]
SERIES = st.dictionaries(
    st.integers(0, 4), st.dictionaries(st.integers(0, 12), st.floats(0, 9), min_size=1), max_size=4
)


def labels(number: int) -> Labels:
    return Labels.of(__name__="m", n=str(number))


def store_of(series: Series) -> Store:
    store = Store.open(None)
    source = store.source("s")
    columns = dict(zip(series, source.columns([labels(number) for number in series]).tolist(), strict=True))
    for time in range(13):
        here = {columns[number]: samples[time] for number, samples in series.items() if time in samples}
        if here:
            store.append(source, [Batch(time, np.array(list(here), np.int64), np.array(list(here.values())))])
    return store


def fetched(series: Series) -> dict[Labels, Samples]:
    return {
        labels(number): (np.array(sorted(samples), np.int64), np.array([samples[time] for time in sorted(samples)]))
        for number, samples in series.items()
    }


def told(found: Sequence[Selected]) -> dict[Labels, dict[int, float]]:
    rows = [(name, times, values) for one in found for _, name, times, values in one.series()]
    assert len({name for name, _, _ in rows}) == len(rows)
    for _, times, _ in rows:
        assert (np.diff(times) > 0).all()
    return {name: dict(zip(times.tolist(), values.tolist(), strict=True)) for name, times, values in rows}


@given(own=SERIES, far=SERIES, start=st.integers(0, 12), length=st.integers(0, 12))
def test_each_series_has_the_samples_of_both(own: Series, far: Series, start: int, length: int) -> None:
    merged = Merged(store_of(own), {EVERYTHING: [Fetched(0, 24, fetched(far))]})
    need = Need(EVERYTHING, start, start + length, Kind.RANGE)
    expected = {
        labels(number): {
            time: value
            for time, value in sorted({**far.get(number, {}), **own.get(number, {})}.items())
            if start <= time <= start + length
        }
        for number in {*own, *far}
    }
    assert told(merged.select(need)) == {name: samples for name, samples in expected.items() if samples}
    refs = [one.refs.tolist() for one in merged.select(need)]
    assert all(some == sorted(some) for some in refs)
    assert len({ref for some in refs for ref in some}) == sum(map(len, refs))


def test_stale_markers_end_instants_and_are_not_in_ranges() -> None:
    far = {labels(1): (np.array([1, 2, 3]), np.array([1.0, float(STALE_NAN), 3.0]))}
    merged = Merged(Store.open(None), {EVERYTHING: [Fetched(0, 9, far)]})
    assert list(told(merged.select(Need(EVERYTHING, 0, 9, Kind.RANGE)))[labels(1)]) == [1, 3]
    assert list(told(merged.select(Need(EVERYTHING, 0, 9, Kind.INSTANT)))[labels(1)]) == [1, 2, 3]


def test_of_several_servers_the_first_one_counts() -> None:
    answers = [
        [(labels(1), np.array([1, 2]), np.array([1.0, 2.0]))],
        [(labels(1), np.array([2, 3]), np.array([9.0, 3.0]))],
    ]
    times, values = united(answers)[labels(1)]
    assert (times.tolist(), values.tolist()) == ([1, 2, 3], [1.0, 2.0, 3.0])
