"""NaNs taken out of columns that are numbers otherwise, so that what is left is smooth.

Absent places, stale markers, ordinary NaNs and any other payload are kept as runs of equal bits beside the numbers; in
their places stands the number before them (the next one at the beginning), whose difference costs nothing.
"""

from __future__ import annotations

import numpy as np
from msgspec import Struct

from engine.tsdb.parts import spans
from promql.model.types import BoolArray, FloatArray, IntArray


class Holes(Struct, frozen=True):
    """Runs in a block of columns: in which column, from which row, how many, and their bits; by column and row."""

    columns: IntArray
    starts: IntArray
    lengths: IntArray
    bits: IntArray

    def __len__(self) -> int:
        return len(self.columns)

    def of(self, chosen: IntArray, columns: int) -> Holes:
        """Those of some columns of a block of so many, in the order of `chosen`, which holds none twice."""
        place = np.full(columns, -1)
        place[chosen] = np.arange(len(chosen))
        places = place[self.columns]
        kept = places >= 0
        return Holes(places[kept], self.starts[kept], self.lengths[kept], self.bits[kept])

    def punch(self, block: FloatArray) -> None:
        """Put the NaNs into a block that may have lost its last rows: float64[S, T]."""
        rows = block.shape[1]
        ends = np.minimum(self.starts + self.lengths, rows)
        lows = np.minimum(self.starts, ends)
        lengths = ends - lows
        places = spans(lows, ends)
        block[np.repeat(self.columns, lengths), places] = np.repeat(self.bits, lengths).view(np.float64)


NO_HOLES = Holes(*(np.empty(0, np.int64) for _ in range(4)))


def without_holes(block: FloatArray, nan: BoolArray) -> tuple[FloatArray, Holes]:
    """A block with numbers in all places, and the holes; `nan` tells where they are. A column of NaNs becomes zeros."""
    rows = block.shape[1]
    before = np.where(nan, 0, np.arange(rows))
    np.maximum.accumulate(before, axis=1, out=before)
    np.maximum(before, (~nan).argmax(axis=1)[:, None], out=before)
    filled = np.take_along_axis(block, before, axis=1)
    filled[nan.all(axis=1)] = 0.0
    return filled, _runs(block.view(np.int64), nan)


def _runs(bits: IntArray, nan: BoolArray) -> Holes:
    joined = nan[:, 1:] & nan[:, :-1] & (bits[:, 1:] == bits[:, :-1])
    first, last = nan.copy(), nan.copy()
    first[:, 1:] &= ~joined
    last[:, :-1] &= ~joined
    columns, starts = np.nonzero(first)
    ends = np.nonzero(last)[1]
    return Holes(columns, starts, ends - starts + 1, bits[first])
