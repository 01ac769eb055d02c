"""Which samples of a commit are taken: Prometheus's rules, for whole arrays.

For each series times must rise. The same time with the same bits is accepted and changes nothing; with other
bits it is a duplicate. Older than the series' last sample is out of order; older than the store's newest sample
less the bound is out of bounds, whatever the series. The samples of a commit count as coming one after the other.

With a window (`out_of_order_time_window`) what would be out of order or out of bounds is taken as late, unless it is
further behind the store's newest sample than the window: then it is too old. A late sample at a time at which its
series has one is accepted and changes nothing, whatever its value.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from msgspec import Struct

from engine.names.numbers import NEVER, any_nan
from engine.tsdb.batch import Appended, Batch
from engine.tsdb.commit import Commit, Layout
from engine.tsdb.names.catalog import Catalog
from engine.tsdb.options import StoreOptions
from engine.tsdb.reading.late import first_of_each
from engine.tsdb.source import Source
from promql.model.staleness import is_absent, is_stale, normalise
from promql.model.types import BoolArray, FloatArray, IntArray

Recall = Callable[[int, int], float]
"""The stored value of a series at a time."""
Held = Callable[[IntArray, IntArray], BoolArray]
"""Which of some samples, told by series and time, are stored."""


class Bounds(Struct, frozen=True):
    """Samples before `earliest` are out of bounds; with a window, late ones from `late_from` on are taken (Unix ms)."""

    earliest: int
    late_from: int | None = None

    @classmethod
    def of(cls, newest: int, options: StoreOptions) -> Bounds:
        """For the time of a store's newest sample. An empty store takes any."""
        bounds, window = options.bounds_ms, options.window_ms
        if newest == NEVER:
            bounds = window = 0
        return cls(newest - bounds, newest - window if options.window_ms else None)


class Admission:
    """Judges commits against the catalog, which it does not change."""

    def __init__(self, catalog: Catalog, recall: Recall, held: Held) -> None:
        self._catalog = catalog
        self._recall = recall
        self._held = held

    def judge(self, source: Source, batches: Sequence[Batch], bounds: Bounds) -> tuple[Commit | None, Appended]:
        """What is to be written, and what is to be told."""
        batches = [batch for batch in batches if len(batch.columns)]
        if len(batches) == 1:
            return self._one(source, batches[0], bounds)
        if not batches:
            return None, Appended()
        return self._many(source, batches, bounds)

    def _one(self, source: Source, batch: Batch, bounds: Bounds) -> tuple[Commit | None, Appended]:
        count = len(batch.columns)
        if batch.time < bounds.earliest:
            return self._many(source, [batch], bounds)
        layout, (values, stale) = source.layout(batch.columns), _own(batch.values)
        if batch.time > source.latest and source.number not in self._catalog.sharing_sources:
            return Commit(int(batch.time), layout, values, stale), Appended(count)
        refs = layout.refs
        last = self._catalog.last.array[refs]
        if (newer := last < batch.time).all():
            return Commit(int(batch.time), layout, values, stale), Appended(count)
        if bounds.late_from is not None:
            return self._many(source, [batch], bounds)
        again = np.flatnonzero(last == batch.time)
        same = _bits(self._stored(refs[again], batch.time)) == _bits(values[again])
        taken, equal = int(newer.sum()), int(same.sum())
        counts = Appended(taken + equal, count - taken - len(again), len(again) - equal)
        if not taken:
            return None, counts
        values = values[newer]
        return Commit(int(batch.time), layout.only(newer), values, int(is_stale(values).sum())), counts

    def _many(self, source: Source, batches: Sequence[Batch], bounds: Bounds) -> tuple[Commit | None, Appended]:
        times = np.repeat([batch.time for batch in batches], [len(batch.columns) for batch in batches])
        columns = np.concatenate([batch.columns for batch in batches]).astype(np.int64)
        values, _ = _own(np.concatenate([batch.values for batch in batches]))
        refs = source.refs[columns]
        newer, again = np.zeros(len(times), np.bool_), np.zeros(len(times), np.bool_)
        inside = np.flatnonzero(times >= bounds.earliest)
        if len(inside):
            best = _best_before(refs[inside], times[inside], self._catalog.last.array[refs[inside]])
            newer[inside], again[inside] = times[inside] > best, times[inside] == best
        equal = self._repeats(refs, times, values, newer, again)
        counts = Appended(int(newer.sum()) + equal, duplicate=int(again.sum()) - equal)
        late, told = self._late(refs, times, newer, ~newer & ~again, bounds)
        taken = newer | late
        if not taken.any():
            return None, counts + told
        times, values = times[taken], values[taken]
        layout, stale = Layout(columns, refs).only(taken), int(is_stale(values).sum())
        one = int(times[0]) if not late.any() and (times == times[0]).all() else times
        return Commit(one, layout, values, stale, late=bool(late.any())), counts + told

    def _late(
        self, refs: IntArray, times: IntArray, newer: BoolArray, behind: BoolArray, bounds: Bounds
    ) -> tuple[BoolArray, Appended]:
        """Which of the samples that are `behind` others, or the bound, are to be written, and what to tell of them."""
        if bounds.late_from is None:
            beyond = int((behind & (times < bounds.earliest)).sum())
            return np.zeros(len(times), np.bool_), Appended(
                out_of_order=int(behind.sum()) - beyond, out_of_bounds=beyond
            )
        within = behind & (times >= bounds.late_from)
        late = within.copy()
        if within.any():
            come = np.flatnonzero(newer | within)
            late[come] &= first_of_each(refs[come], times[come])
            late[within] &= ~self._held(refs[within], times[within])
        count = int(within.sum())
        return late, Appended(count, too_old=int(behind.sum()) - count, late=int(late.sum()))

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
