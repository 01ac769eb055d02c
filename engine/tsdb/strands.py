"""Samples of many series, laid end to end and cut into panels.

Series come and go: within a span each has its own first and last sample, some have holes, some share their instants
with nobody. So their samples, piece by piece as parts hold them, are laid into one long array, series by series,
those of like extent beside each other; a panel is a slice of it. What is done once a panel is next to nothing,
all else is done once a piece, for all of its series.

Law: series share a panel only where each of their instants is known to be the same.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from engine.tsdb.parts import Samples, spans
from promql.model.labels import Labels
from promql.model.panel import Panel
from promql.model.types import BoolArray, FloatArray, IntArray

_SOONEST = np.iinfo(np.int64).min
_LATEST = np.iinfo(np.int64).max


def panels(labels: Sequence[Labels], refs: IntArray, pieces: Sequence[Samples]) -> Iterator[Panel]:
    """The panels of series `refs: int64[S]`; pieces name them by row, and come in the order of their first samples."""
    extents = _Extents.of(len(refs), pieces)
    rows = extents.order()
    if not len(rows):
        return
    counts = extents.counts[rows]
    begins = counts.cumsum() - counts
    times, values = _laid(extents, rows, begins, pieces)
    _mend(times, values, begins, counts)
    edges = np.flatnonzero(~_like_the_one_before(extents, rows, times, begins)).tolist()
    refs, names = refs[rows], [labels[row] for row in rows.tolist()]
    sizes, starts = counts.tolist(), begins.tolist()
    for low, high in zip(edges, [*edges[1:], len(rows)], strict=True):
        start, size = starts[low], sizes[low]
        block = values[start : start + size * (high - low)].reshape(high - low, size)
        yield Panel(times[start : start + size], block, names[low:high], refs[low:high])


@dataclass(frozen=True, slots=True)
class _Extents:
    """For each series how many samples it has, and when the first and the last of them were: `int64[S]` each."""

    counts: IntArray
    firsts: IntArray
    lasts: IntArray

    @classmethod
    def of(cls, series: int, pieces: Sequence[Samples]) -> _Extents:
        counts = np.zeros(series, np.int64)
        firsts, lasts = np.full(series, _LATEST), np.full(series, _SOONEST)
        for piece in pieces:
            ends = piece.counts.cumsum()
            counts[piece.rows] += piece.counts
            firsts[piece.rows] = np.minimum(firsts[piece.rows], piece.times[ends - piece.counts])
            lasts[piece.rows] = np.maximum(lasts[piece.rows], piece.times[ends - 1])
        return cls(counts, firsts, lasts)

    def order(self) -> IntArray:
        """The series that have samples: those of like extent beside each other, by number among them."""
        order: IntArray = np.lexsort((self.lasts, self.firsts, self.counts))
        return order[np.count_nonzero(self.counts == 0) :]


def _laid(
    extents: _Extents, rows: IntArray, begins: IntArray, pieces: Sequence[Samples]
) -> tuple[IntArray, FloatArray]:
    """All samples, series by series, and within each in the order of the pieces."""
    size = int(extents.counts.sum())
    times, values = np.empty(size, np.int64), np.empty(size)
    free = np.zeros(len(extents.counts), np.int64)
    free[rows] = begins
    for piece in pieces:
        lows = free[piece.rows]
        highs = lows + piece.counts
        places = spans(lows, highs)
        times[places] = piece.times
        values[places] = piece.values
        free[piece.rows] = highs
    return times, values


def _mend(times: IntArray, values: FloatArray, begins: IntArray, counts: IntArray) -> None:
    """Put the samples of those series in order that came late, or from parts that overlap in time."""
    falls = times[1:] <= times[:-1]
    falls[begins[1:] - 1] = False
    if not falls.any():
        return
    series = np.unique(begins.searchsorted(np.flatnonzero(falls), "right") - 1)
    places = spans(begins[series], begins[series] + counts[series])
    order = np.lexsort((times[places], np.repeat(series, counts[series])))
    times[places], values[places] = times[places[order]], values[places[order]]


def _like_the_one_before(extents: _Extents, rows: IntArray, times: IntArray, begins: IntArray) -> BoolArray:
    """Which series has exactly the instants of the one before it. Like extents are not enough."""
    alike = np.zeros(len(rows), np.bool_)
    keys = np.stack([extents.counts[rows], extents.firsts[rows], extents.lasts[rows]])
    alike[1:] = (keys[:, 1:] == keys[:, :-1]).all(axis=0)
    asked = np.flatnonzero(alike)
    if len(asked):
        counts = keys[0, asked]
        places = spans(begins[asked], begins[asked] + counts)
        same = times[places] == times[places - np.repeat(counts, counts)]
        alike[asked] = np.logical_and.reduceat(same, counts.cumsum() - counts)
    return alike
