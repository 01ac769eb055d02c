"""Shapes in which samples lie, as a query sees them.

A **table** is columns over shared instants. `locate` says where a query's series stand in it, `fill` copies some
rows of some columns into a block; a place without a sample holds ABSENT_NAN. A **ragged** part is samples of
series that share their instants with nobody.

Law: everything here is a view that stays true for ever: what it shows is never written again.
"""

from __future__ import annotations

from typing import Protocol

import numpy as np
from msgspec import Struct

from promql.model.types import BoolArray, FloatArray, IntArray


class Wanted(Struct, frozen=True):
    """Some series of one source: `refs: int64[S]` ascending, and the columns in which the source has them."""

    refs: IntArray
    columns: IntArray


class Located(Struct, frozen=True):
    """Which wanted series a table has: `rows: int64[R]` ascending index them, `at: int64[R]` says where they stand."""

    rows: IntArray
    at: IntArray


class Samples(Struct, frozen=True):
    """Samples of some wanted series, one series after the other: `rows: int64[R]` ascending index them, `counts` says
    how many each has (at least one), `times: int64[N]` (Unix ms) and `values: float64[N]` are the samples.
    """

    rows: IntArray
    counts: IntArray
    times: IntArray
    values: FloatArray

    @classmethod
    def chosen(
        cls, rows: IntArray, counts: IntArray, inside: BoolArray, samples: tuple[IntArray, FloatArray]
    ) -> Samples:
        """Those of the samples that are `inside: bool[N]`."""
        if inside.all():
            return cls(rows, counts, *samples)
        left = np.bincount(np.repeat(np.arange(len(rows)), counts)[inside], minlength=len(rows))
        kept = left > 0
        return cls(rows[kept], left[kept], samples[0][inside], samples[1][inside])


class TablePart(Protocol):
    """Columns over shared instants."""

    @property
    def times(self) -> IntArray:
        """The instants, ascending: int64[T], Unix ms."""

    def locate(self, wanted: Wanted) -> Located:
        """Where the wanted series stand that have samples here."""

    def whole(self, at: IntArray, low: int, high: int) -> bool:
        """Known at once that these columns have a sample, no stale marker, in each of the rows low to high."""

    def fill(self, out: FloatArray, at: IntArray, low: int, high: int) -> None:
        """Copy rows `low` to `high` of the columns `at` into `out: float64[S, high - low]`."""


class SealedTable(TablePart, Protocol):
    """A table that gets no more rows."""

    @property
    def height(self) -> int:
        """How many rows it has."""

    def kept(self, at: IntArray) -> tuple[IntArray, FloatArray]:
        """All instants, and the samples of some columns on them: float64[S, T]. What was decoded for it is kept for a
        while: for few columns, which are asked for again.
        """

    def column(self, at: int) -> tuple[IntArray, FloatArray]:
        """All instants, and the samples of one column on them."""


class RaggedPart(Protocol):
    """Series with instants of their own."""

    @property
    def size(self) -> int:
        """How many samples there are, those counted that were deleted."""

    def samples(self, wanted: Wanted, start: int, end: int) -> Samples:
        """The samples with start <= t <= end."""


class Block(Struct, frozen=True):
    """Samples of ragged series by series and time: series `refs[i]` has `offsets[i]` to `offsets[i + 1]`."""

    refs: IntArray
    offsets: IntArray
    times: IntArray
    values: FloatArray

    @property
    def size(self) -> int:
        return len(self.times)

    def samples(self, wanted: Wanted, start: int, end: int) -> Samples:
        found = matched(self.refs, wanted.refs)
        lows, highs = self.offsets[found.at], self.offsets[found.at + 1]
        times, values = self.times, self.values
        if len(found.at) < len(self.refs):
            places = spans(lows, highs)
            times, values = times[places], values[places]
        return Samples.chosen(found.rows, highs - lows, (times >= start) & (times <= end), (times, values))


def matched(refs: IntArray, wanted: IntArray) -> Located:
    """Which of the wanted numbers stand where among `refs`; both ascend, and neither is empty.

    The fewer are looked up among the more: of all series of a day a part of some minutes has only a few.
    """
    if len(refs) < len(wanted):
        found = matched(wanted, refs)
        return Located(found.at, found.rows)
    at: IntArray = refs.searchsorted(wanted)
    at[at == len(refs)] = 0
    hit = refs[at] == wanted
    rows = np.flatnonzero(hit)
    return Located(rows, at[rows])


def spans(lows: IntArray, highs: IntArray) -> IntArray:
    """All numbers from each low up to its high, one after the other."""
    lengths = highs - lows
    starts = np.cumsum(lengths) - lengths
    out: IntArray = np.arange(int(lengths.sum()), dtype=np.int64) + np.repeat(lows - starts, lengths)
    return out
