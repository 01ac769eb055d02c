"""Where each window of each series begins and ends among the samples of strands.

Law: nothing here loops over windows or samples, and over series only where each is long.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Final

import numpy as np
from msgspec import Struct

from promql.model.grid import Steps
from promql.model.panel import Strands
from promql.model.types import IntArray

_LONG: Final = 200
"""From so many samples a series on, a binary search for its edges is cheaper than to look at each sample."""


class Reach(Struct, frozen=True):
    """Where windows end, how long they are, and at which instants they are evaluated."""

    ends: Steps
    length: int
    at: Steps


def span(reach: Reach, firsts: IntArray, lasts: IntArray) -> tuple[IntArray, IntArray]:
    """For series that begin and end at such times (ms) the first step at which a window can hold a sample of theirs,
    and the number of such steps.
    """
    ends, length = reach.ends, reach.length
    if ends.step == 0:
        ended = lasts < ends.start - length
        return np.where(firsts <= ends.start, 0, ends.count), np.where((firsts <= ends.start) & ~ended, ends.count, 0)
    first = np.clip(-((ends.start - firsts) // ends.step), 0, ends.count)
    stop = np.minimum((lasts + length - ends.start) // ends.step + 1, ends.count)
    return first, np.maximum(stop - first, 0)


def holds_all(reach: Reach, times: IntArray) -> bool:
    """Are all samples in the first window? That is so where a store was asked for an instant."""
    end = reach.ends.start
    return bool(times.min() >= end - reach.length and times.max() <= end)


def steps_of(reach: Reach, first: int, last: int) -> slice:
    """The same for one series or panel."""
    starts, counts = span(reach, np.array([first]), np.array([last]))
    return slice(int(starts[0]), int(starts[0] + counts[0]))


def spans(lows: IntArray, counts: IntArray) -> IntArray:
    """So many numbers from each of the lows on, one after the other."""
    before = counts.cumsum() - counts
    out: IntArray = np.repeat(lows - before, counts)
    out += np.arange(len(out))
    return out


def windows_of(
    strands: Strands, reach: Reach, first: IntArray, count: IntArray
) -> tuple[IntArray, IntArray, IntArray | None]:
    """`lo: int64[W]`, `hi: int64[W]`: the edges of all windows, series by series, each at `count` steps from `first`
    on, as places among the samples. With them, where series lie on instants of tables, how far each is shifted.
    """
    ends = reach.ends.times
    shift = None if strands.starts is None else strands.offsets[:-1] - strands.starts
    if len(ends) == 1 and holds_all(reach, strands.times):
        return strands.offsets[:-1], strands.offsets[1:], shift
    if shift is not None:
        return *_clipped(strands, (ends - reach.length, ends), first, count), shift
    if len(strands.values) >= _LONG * len(strands.refs):
        return *_searched(strands, (ends - reach.length, ends), first, count), None
    return *_counted(strands, reach, first, count), None


def _clipped(
    strands: Strands, ends: tuple[IntArray, IntArray], first: IntArray, count: IntArray
) -> tuple[IntArray, IntArray]:
    """The edges in each table, cut off where the series begins and ends, moved to where it lies."""
    assert strands.starts is not None
    bounds = [*strands.tables.tolist(), len(strands.times)]
    tables = [strands.times[low:high] for low, high in pairwise(bounds)]
    table = strands.tables.searchsorted(strands.starts, side="right") - 1
    moved = strands.offsets[:-1] - strands.starts + strands.tables[table]
    begin, stop = strands.offsets[:-1], strands.offsets[1:]
    found = (
        np.array([times.searchsorted(ends[0], side="left") for times in tables]),
        np.array([times.searchsorted(ends[1], side="right") for times in tables]),
    )
    steps = uniform(first, count)
    if steps is not None:
        lo, hi = ((one[:, steps].take(table, axis=0) + moved[:, None]).ravel() for one in found)
        begin, stop = np.repeat(begin, steps.stop - steps.start), np.repeat(stop, steps.stop - steps.start)
    else:
        cells = spans(first, count)
        table, moved = np.repeat(table, count), np.repeat(moved, count)
        lo, hi = (one[table, cells] + moved for one in found)
        begin, stop = np.repeat(begin, count), np.repeat(stop, count)
    return np.clip(lo, begin, stop), np.clip(hi, begin, stop)


def uniform(first: IntArray, count: IntArray) -> slice | None:
    """The steps of all series, where they are the same for all."""
    if len(first) > 1 and ((first != first[0]).any() or (count != count[0]).any()):
        return None
    return slice(int(first[0]), int(first[0] + count[0]))


def _searched(
    strands: Strands, ends: tuple[IntArray, IntArray], first: IntArray, count: IntArray
) -> tuple[IntArray, IntArray]:
    """Series by series."""
    total = count.cumsum()
    lo, hi = np.empty(total[-1], np.int64), np.empty(total[-1], np.int64)
    edges = strands.offsets.tolist()
    starts, stops = first.tolist(), (first + count).tolist()
    for at, (high, low) in enumerate(zip(total.tolist(), (total - count).tolist(), strict=True)):
        times, steps = strands.times[edges[at] : edges[at + 1]], slice(starts[at], stops[at])
        lo[low:high] = times.searchsorted(ends[0][steps])
        hi[low:high] = times.searchsorted(ends[1][steps], side="right")
    begins = np.repeat(strands.offsets[:-1], count)
    lo += begins
    hi += begins
    return lo, hi


def _counted(strands: Strands, reach: Reach, first: IntArray, count: IntArray) -> tuple[IntArray, IntArray]:
    """Each sample tells at which step it comes into the windows, and at which it is out again; so an edge is how many
    have done so up to a step. A series has one place more than windows: for what happens after the last of them.
    """
    ends, length = reach.ends, reach.length
    places = np.repeat((count + 1).cumsum() - (count + 1) - first, strands.counts)
    size = int(count.sum()) + len(count)
    out = []
    for latest in (strands.times + (length + 1), strands.times):  # out from the first end on that is not before it
        step = -((ends.start - latest) // ends.step) if ends.step else np.where(latest <= ends.start, 0, ends.count)
        np.clip(step, 0, ends.count, out=step)
        step += places
        out.append(np.bincount(step, minlength=size).cumsum())
    wanted = spans((count + 1).cumsum() - (count + 1), count)
    return out[0].take(wanted), out[1].take(wanted)
