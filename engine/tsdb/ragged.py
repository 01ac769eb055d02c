"""The open ragged part of a source: samples that fit no row, in the order in which they came.

Laws: it only grows, and a view looks no further than what there was when it was taken. What goes here is decided
in `engine.tsdb.source`. Samples of a series that came late stand behind later ones; views put them in order.
"""

from __future__ import annotations

import numpy as np

from engine.names.numbers import enlarged
from engine.tsdb.parts import Block, Samples, Wanted
from promql.model.types import FloatArray, IntArray


class OpenRagged:
    """Three growing arrays."""

    def __init__(self) -> None:
        self.size = 0
        self.first_time = 0
        self._columns = np.empty(64, np.int64)
        self._times = np.empty(64, np.int64)
        self._values = np.empty(64)

    def write(self, columns: IntArray, times: IntArray | int, values: FloatArray) -> None:
        end = self.size + len(columns)
        if end > len(self._columns):
            self._columns = enlarged(self._columns, end, 0)
            self._times = enlarged(self._times, end, 0)
            self._values = enlarged(self._values, end, 0)
        self._columns[self.size : end] = columns
        self._times[self.size : end] = times
        self._values[self.size : end] = values
        first = int(self._times[self.size : end].min())
        self.first_time = min(first, self.first_time) if self.size else first
        self.size = end

    def view(self) -> RaggedView:
        return RaggedView(self._columns[: self.size], self._times[: self.size], self._values[: self.size])


class RaggedView:
    """The samples of an open ragged part so far."""

    __slots__ = ("_columns", "_times", "_values")

    def __init__(self, columns: IntArray, times: IntArray, values: FloatArray) -> None:
        self._columns = columns
        self._times = times
        self._values = values

    @property
    def size(self) -> int:
        return len(self._times)

    def samples(self, wanted: Wanted, start: int, end: int) -> Samples:
        inside = np.flatnonzero((self._times >= start) & (self._times <= end))
        order = wanted.columns.argsort()
        columns = wanted.columns[order]
        at = columns.searchsorted(self._columns[inside])
        at[at == len(columns)] = 0
        hit = columns[at] == self._columns[inside]
        owners, places = order[at[hit]], inside[hit]
        by_series = np.lexsort((self._times[places], owners))
        rows, counts = np.unique(owners, return_counts=True)
        places = places[by_series]
        return Samples(rows, counts, self._times[places], self._values[places])

    def block(self, refs: IntArray) -> Block:
        """All samples by series and time; `refs` gives the series of each column."""
        owners = refs[self._columns]
        order = np.lexsort((self._times, owners))
        names, starts = np.unique(owners[order], return_index=True)
        offsets = np.append(starts, len(order)).astype(np.int64)
        return Block(names, offsets, self._times[order], self._values[order])
