"""Shapes in which samples lie, as a query sees them.

A **table** is columns over shared instants. `locate` says where a query's series stand in it, `fill` copies some
rows of some columns into a block; a place without a sample holds ABSENT_NAN. A **ragged** part is samples of
series that share their instants with nobody.

Law: everything here is a view that stays true for ever: what it shows is never written again.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from promql.model.types import FloatArray, IntArray


@dataclass(frozen=True, slots=True)
class Wanted:
    """Some series of one source: `refs: int64[S]` ascending, and the columns in which the source has them."""

    refs: IntArray
    columns: IntArray

    def only(self, rows: IntArray) -> Wanted:
        return Wanted(self.refs[rows], self.columns[rows])


@dataclass(frozen=True, slots=True)
class Samples:
    """Samples of some wanted series, in no order: `rows: int64[M]` index the series, times in Unix ms."""

    rows: IntArray
    times: IntArray
    values: FloatArray


class TablePart(Protocol):
    """Columns over shared instants."""

    @property
    def times(self) -> IntArray:
        """The instants, ascending: int64[T], Unix ms."""

    def locate(self, wanted: Wanted) -> IntArray:
        """Where each wanted series stands: int64[S], -1 for one that has no sample here."""

    def whole(self, at: IntArray, low: int, high: int) -> bool:
        """Known at once that these columns have a sample, no stale marker, in each of the rows low to high."""

    def fill(self, out: FloatArray, at: IntArray, low: int, high: int) -> None:
        """Copy rows `low` to `high` of the columns `at` (none is -1) into `out: float64[S, high - low]`."""


class RaggedPart(Protocol):
    """Series with instants of their own."""

    def samples(self, wanted: Wanted, start: int, end: int) -> Samples:
        """The samples with start <= t <= end."""


@dataclass(frozen=True, slots=True)
class Block:
    """Samples of ragged series by series and time: series `refs[i]` has `offsets[i]` to `offsets[i + 1]`."""

    refs: IntArray
    offsets: IntArray
    times: IntArray
    values: FloatArray

    def samples(self, wanted: Wanted, start: int, end: int) -> Samples:
        at = positions(self.refs, wanted.refs)
        rows = np.flatnonzero(at >= 0)
        lows, highs = self.offsets[at[rows]], self.offsets[at[rows] + 1]
        places = spans(lows, highs)
        rows = np.repeat(rows, highs - lows)
        times = self.times[places]
        inside = (times >= start) & (times <= end)
        return Samples(rows[inside], times[inside], self.values[places[inside]])


def positions(sorted_refs: IntArray, wanted: IntArray) -> IntArray:
    """Where each wanted number stands among ascending ones; -1 for one that does not."""
    if not len(sorted_refs):
        return np.full(len(wanted), -1, np.int64)
    at: IntArray = sorted_refs.searchsorted(wanted)
    at[at == len(sorted_refs)] = 0
    at[sorted_refs[at] != wanted] = -1
    return at


def spans(lows: IntArray, highs: IntArray) -> IntArray:
    """All numbers from each low up to its high, one after the other."""
    lengths = highs - lows
    starts = np.cumsum(lengths) - lengths
    out: IntArray = np.arange(int(lengths.sum()), dtype=np.int64) + np.repeat(lows - starts, lengths)
    return out
