"""Series that come and go within one table: each has samples from its first row to its last, and none is missing.

Their instants are the table's, so nothing but values has to be laid out. Many with the same first and last row are a
panel; the others are strands, one after the other in the order of their creation.

Law: what is done once a series is done for all at once; Python works once a part, and once a panel.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Final

import numpy as np
from msgspec import Struct

from engine.tsdb.names.names import SeriesNames
from engine.tsdb.parts import Samples
from promql.model.panel import Panel, Selected, Strands
from promql.model.types import BoolArray, FloatArray, IntArray

PANEL_SERIES: Final = 16
PANEL_SAMPLES: Final = 4096
"""A panel of fewer series, or fewer samples, costs more than to lay it end to end with others."""


class Sheet(Struct, frozen=True):
    """Some rows of a table: `values: float64[R, T]` of the series `rows: int64[R]`, from the instant `base` of all
    that were taken on. `present: bool[R, T]` says which are samples, None that all are.
    """

    rows: IntArray
    base: int
    times: IntArray
    values: FloatArray
    present: BoolArray | None

    def samples(self, wanted: BoolArray) -> Samples:
        """Those of the wanted series, with their times."""
        some = wanted[self.rows]
        rows, values = self.rows[some], self.values[some]
        if self.present is None:
            return Samples(rows, np.full(len(rows), len(self.times)), np.tile(self.times, len(rows)), values.ravel())
        present = self.present[some]
        counts = np.count_nonzero(present, axis=1)
        kept = counts > 0
        times = np.broadcast_to(self.times, values.shape)[present]
        return Samples(rows[kept], counts[kept], times, values[present])


class Lives(Struct, frozen=True):
    """For each series how many samples it has, and at which instants the first and the last are: `int64[S]` each."""

    counts: IntArray
    firsts: IntArray
    lasts: IntArray

    @classmethod
    def of(cls, series: int, sheets: Sequence[Sheet]) -> Lives:
        """From sheets in the order of their instants, none of which begins before the one ahead has ended."""
        counts, firsts, lasts = np.zeros((3, series), np.int64)
        for sheet in sheets:
            rows, end = sheet.rows, sheet.base + len(sheet.times) - 1
            first, last, more = np.full(len(rows), sheet.base), np.full(len(rows), end), np.full(len(rows), end + 1)
            if sheet.present is None:
                more -= sheet.base
            else:
                more = np.count_nonzero(sheet.present, axis=1)
                first += sheet.present.argmax(axis=1)
                last -= sheet.present[:, ::-1].argmax(axis=1)
                there = more > 0
                rows, first, last, more = rows[there], first[there], last[there], more[there]
            firsts[rows] = np.where(counts[rows] > 0, firsts[rows], first)
            lasts[rows] = last
            counts[rows] += more
        return cls(counts, firsts, lasts)

    @property
    def unbroken(self) -> BoolArray:
        """Which have samples, and one at each instant between their first and their last."""
        return np.asarray((self.counts > 0) & (self.lasts - self.firsts + 1 == self.counts))

    def selected(
        self, names: SeriesNames, refs: IntArray, wanted: BoolArray, instants: IntArray, sheets: Sequence[Sheet]
    ) -> Iterator[Selected]:
        """The wanted series, all of them unbroken."""
        rows, few, alike = self._order(np.flatnonzero(wanted), len(instants))
        offsets = np.concatenate([[0], self.counts[rows].cumsum()])
        values = self._laid(rows, offsets, wanted, sheets)
        if few:
            some, end = rows[:few], int(offsets[few])
            starts = self.firsts[some]
            yield Strands(instants, values[:end], offsets[: few + 1], names.take(some), refs[some], starts)
        for low, high in alike:
            some, first, size = rows[low:high], int(self.firsts[rows[low]]), int(self.counts[rows[low]])
            block = values[offsets[low] : offsets[high]].reshape(len(some), size)
            yield Panel(instants[first : first + size], block, names.take(some), refs[some])

    def _order(self, rows: IntArray, instants: int) -> tuple[IntArray, int, list[tuple[int, int]]]:
        """The rows in the order in which they are laid: how many are strands, then from where to where each panel."""
        keys = self.firsts[rows] * (instants + 1) + self.lasts[rows]
        _, kind, sizes = np.unique(keys, return_inverse=True, return_counts=True)
        many = (sizes >= PANEL_SERIES)[kind] & (sizes[kind] * self.counts[rows] >= PANEL_SAMPLES)
        few, shared, kind = rows[~many], rows[many], kind[many]
        order = kind.argsort(kind="stable")
        edges = [*np.flatnonzero(np.diff(kind[order], prepend=-1)), len(shared)]
        panels = [(len(few) + int(low), len(few) + int(high)) for low, high in pairwise(edges)]
        return np.concatenate([few, shared[order]]), len(few), panels

    def _laid(self, rows: IntArray, offsets: IntArray, wanted: BoolArray, sheets: Sequence[Sheet]) -> FloatArray:
        """All samples, series by series. A sample's place follows from its row in the table."""
        values = np.empty(int(offsets[-1]))
        shift = np.zeros(len(self.counts), np.int64)
        shift[rows] = offsets[:-1] - self.firsts[rows]
        for sheet in sheets:
            own, cells, present = sheet.rows, sheet.values, sheet.present
            if not (some := wanted[own]).all():
                own, cells = own[some], cells[some]
                present = None if present is None else present[some]
            places = (shift[own] + sheet.base)[:, None] + np.arange(len(sheet.times))
            if present is None:
                values[places] = cells
            else:
                values[places[present]] = cells[present]
        return values
