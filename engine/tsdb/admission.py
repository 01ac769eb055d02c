"""Which samples of a commit are taken: Prometheus's rules, for whole arrays.

For each series times must rise. The same time with the same bits is accepted and changes nothing; with other
bits it is a duplicate. Older than the series' last sample is out of order; older than the store's newest sample
less the bound is out of bounds, whatever the series. The samples of a commit count as coming one after the other.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from engine.tsdb.batch import Appended, Batch
from engine.tsdb.catalog import Catalog
from engine.tsdb.commit import Commit, Layout
from engine.tsdb.numbers import any_nan
from engine.tsdb.source import Source
from promql.model.staleness import is_absent, is_stale, normalise
from promql.model.types import BoolArray, FloatArray, IntArray

Recall = Callable[[int, int], float]
"""The stored value of a series at a time."""


class Admission:
    """Judges commits against the catalog, which it does not change."""

    def __init__(self, catalog: Catalog, recall: Recall) -> None:
        self._catalog = catalog
        self._recall = recall

    def judge(self, source: Source, batches: Sequence[Batch], earliest: int) -> tuple[Commit | None, Appended]:
        """What is to be written, and what is to be told. Samples before `earliest` are out of bounds."""
        batches = [batch for batch in batches if len(batch.columns)]
        if len(batches) == 1:
            return self._one(source, batches[0], earliest)
        if not batches:
            return None, Appended()
        return self._many(source, batches, earliest)

    def _one(self, source: Source, batch: Batch, earliest: int) -> tuple[Commit | None, Appended]:
        count = len(batch.columns)
        if batch.time < earliest:
            return None, Appended(out_of_bounds=count)
        layout, (values, stale) = source.layout(batch.columns), _own(batch.values)
        if batch.time > source.latest and source.number not in self._catalog.sharing_sources:
            return Commit(int(batch.time), layout, values, stale), Appended(count)
        refs = layout.refs
        last = self._catalog.last.array[refs]
        if (newer := last < batch.time).all():
            return Commit(int(batch.time), layout, values, stale), Appended(count)
        again = np.flatnonzero(last == batch.time)
        same = _bits(self._stored(refs[again], batch.time)) == _bits(values[again])
        taken, equal = int(newer.sum()), int(same.sum())
        counts = Appended(taken + equal, count - taken - len(again), len(again) - equal)
        if not taken:
            return None, counts
        values = values[newer]
        return Commit(int(batch.time), layout.only(newer), values, int(is_stale(values).sum())), counts

    def _many(self, source: Source, batches: Sequence[Batch], earliest: int) -> tuple[Commit | None, Appended]:
        times = np.repeat([batch.time for batch in batches], [len(batch.columns) for batch in batches])
        columns = np.concatenate([batch.columns for batch in batches]).astype(np.int64)
        values, _ = _own(np.concatenate([batch.values for batch in batches]))
        inside = times >= earliest
        refused = len(times) - int(inside.sum())
        times, columns, values = times[inside], columns[inside], values[inside]
        if not len(times):
            return None, Appended(out_of_bounds=refused)
        refs = source.refs[columns]
        best = _best_before(refs, times, self._catalog.last.array[refs])
        newer = times > best
        again = times == best
        equal = self._repeats(refs, times, values, newer, again)
        counts = Appended(int(newer.sum()) + equal, int((times < best).sum()), int(again.sum()) - equal, refused)
        if not newer.any():
            return None, counts
        times, values = times[newer], values[newer]
        one = int(times[0]) if (times == times[0]).all() else times
        return Commit(one, Layout(columns, refs).only(newer), values, int(is_stale(values).sum())), counts

    def _repeats(self, refs: IntArray, times: IntArray, values: FloatArray, newer: BoolArray, again: BoolArray) -> int:
        """How many of the samples `again` bear the bits of the one before them. Rare, so one by one."""
        held = {(int(refs[i]), int(times[i])): values[i] for i in np.flatnonzero(newer)} if again.any() else {}
        equal = 0
        for i in np.flatnonzero(again):
            ref, time = int(refs[i]), int(times[i])
            if (before := held.get((ref, time))) is None:
                before = self._stored(refs[i : i + 1], time)[0]
            equal += int(_bits(before) == _bits(values[i]))
        return equal

    def _stored(self, refs: IntArray, time: int) -> FloatArray:
        """The values that these series have at `time`, the time of their last sample."""
        values = self._catalog.value.array[refs]
        for at in np.flatnonzero(is_absent(values)):
            values[at] = self._catalog.value.array[refs[at]] = self._recall(int(refs[at]), time)
        return values


def _best_before(refs: IntArray, times: IntArray, last: IntArray) -> IntArray:
    """For each sample the latest time that its series has had by then, in the store or earlier in the commit."""
    order = refs.argsort(kind="stable")
    if not (np.diff(refs[order]) == 0).any():
        return last
    # A running maximum within each series: times are numbered by rank, and each series is lifted above the one before.
    instants, rank = np.unique(np.concatenate([times, last]), return_inverse=True)
    group = np.cumsum(np.diff(refs[order], prepend=-1) != 0)
    lift = group * len(instants)
    running = np.maximum.accumulate(np.maximum(rank[: len(times)], rank[len(times) :])[order] + lift) - lift
    best = last[order]
    later = np.flatnonzero(np.diff(group) == 0) + 1  # all but the first sample of each series
    best[later] = instants[running[later - 1]]
    out = np.empty_like(best)
    out[order] = best
    return out


def _own(values: FloatArray) -> tuple[FloatArray, int]:
    """A copy that nobody else holds, its NaNs made ordinary, and how many stale markers are in it."""
    mine = np.array(values, np.float64)
    if not any_nan(mine):
        return mine, 0
    mine = normalise(mine)
    return mine, int(is_stale(mine).sum())


def _bits(values: FloatArray | np.float64) -> np.ndarray[tuple[int, ...], np.dtype[np.uint64]]:
    return np.asarray(values, np.float64).view(np.uint64)
