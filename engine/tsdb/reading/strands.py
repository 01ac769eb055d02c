"""Samples of many series, each with its own time, laid end to end.

Some have holes, some share their instants with nobody, some came late. So their samples, piece by piece as parts hold
them, are laid into one long array, series by series. Many of which it is known that all their instants are the same
are a panel, a slice of it; the others are strands. All is done once a piece, for all of its series.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from msgspec import Struct

from engine.tsdb.names.names import SeriesNames
from engine.tsdb.parts import Samples, spans
from engine.tsdb.reading.lives import PANEL_SAMPLES, PANEL_SERIES
from promql.model.panel import Panel, Selected, Strands
from promql.model.types import BoolArray, FloatArray, IntArray

_SOONEST = np.iinfo(np.int64).min
_LATEST = np.iinfo(np.int64).max


def strands(names: SeriesNames, refs: IntArray, pieces: Sequence[Samples]) -> Iterator[Selected]:
    """Series `refs: int64[S]`; pieces name them by row, and come in the order of their first samples."""
    extents = _Extents.of(len(refs), pieces)
    rows = np.flatnonzero(extents.counts)
    many = extents.alike(rows)
    few = rows[~many]
    if len(few):
        times, values, offsets = _laid(extents, few, pieces)
        yield Strands(times, values, offsets, names.take(few), refs[few])
    if len(few) < len(rows):
        yield from _panels(names, refs, extents, (rows[many], pieces))


def _panels(
    names: SeriesNames, refs: IntArray, extents: _Extents, some: tuple[IntArray, Sequence[Samples]]
) -> Iterator[Selected]:
    """Of series of like extent those that have the same instants, as panels."""
    rows, pieces = extents.order(some[0]), some[1]
    times, values, offsets = _laid(extents, rows, pieces)
    edges = np.flatnonzero(~_like_the_one_before(extents, rows, times, offsets[:-1])).tolist()
    counts, starts = extents.counts[rows].tolist(), offsets.tolist()
    for low, high in zip(edges, [*edges[1:], len(rows)], strict=True):
        start, size = starts[low], counts[low]
        block = values[start : start + size * (high - low)].reshape(high - low, size)
        yield Panel(times[start : start + size], block, names.take(rows[low:high]), refs[rows[low:high]])


class _Extents(Struct, frozen=True):
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

    def alike(self, rows: IntArray) -> BoolArray:
        """Which of the rows have extents like so many others that panels of them are worth it."""
        keys = np.stack([self.counts[rows], self.firsts[rows], self.lasts[rows]])
        order = np.lexsort(keys)
        starts = np.flatnonzero(np.append(True, (np.diff(keys[:, order]) != 0).any(axis=0)))
        sizes = np.diff(starts, append=len(rows))
        out = np.empty(len(rows), np.bool_)
        out[order] = np.repeat(sizes >= PANEL_SERIES, sizes)
        return out & (self.counts[rows] * PANEL_SERIES >= PANEL_SAMPLES)

    def order(self, rows: IntArray) -> IntArray:
        """The rows, those of like extent beside each other, by number among them."""
        return rows[np.lexsort((self.lasts[rows], self.firsts[rows], self.counts[rows]))]


def _laid(extents: _Extents, rows: IntArray, pieces: Sequence[Samples]) -> tuple[IntArray, FloatArray, IntArray]:
    """All samples of these rows, row by row, within each in the order of time; and where each row begins and ends."""
    offsets = np.concatenate([[0], extents.counts[rows].cumsum()])
    size = int(offsets[-1])
    times, values = np.empty(size, np.int64), np.empty(size)
    free = np.full(len(extents.counts), -1)
    free[rows] = offsets[:-1]
    for piece in pieces:
        lows, samples = free[piece.rows], piece
        if not (wanted := lows >= 0).all():
            inside = np.repeat(wanted, piece.counts)
            samples = Samples(piece.rows[wanted], piece.counts[wanted], piece.times[inside], piece.values[inside])
            lows = lows[wanted]
        places = spans(lows, lows + samples.counts)
        times[places] = samples.times
        values[places] = samples.values
        free[samples.rows] = lows + samples.counts
    _mend(times, values, offsets[:-1], extents.counts[rows])
    return times, values, offsets


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
