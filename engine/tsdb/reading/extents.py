"""When the first and the last samples of series are, looked up in what sources show.

Needed after a deletion, and only for the series that it was about: parts are gone through from the outside, and only as
long as one could still tell of an earlier (a later) sample.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

import numpy as np
from msgspec import Struct

from engine.foundation.errors import DamagedError
from engine.names.numbers import NEVER
from engine.tsdb.parts import RaggedPart, TablePart, Wanted
from engine.tsdb.view import Part, View
from promql.model.staleness import is_absent
from promql.model.types import IntArray

LATEST: Final = int(np.iinfo(np.int64).max)
_COLUMNS: Final = 256  # so many are decoded at a time


class Extents(Struct, frozen=True):
    """`firsts: int64[S]` and `lasts: int64[S]`, Unix ms; LATEST and NEVER of a series without samples."""

    firsts: IntArray
    lasts: IntArray

    @classmethod
    def none(cls, series: int) -> Extents:
        return cls(np.full(series, LATEST), np.full(series, NEVER))

    def take(self, other: Extents, rows: IntArray) -> None:
        """Widen those of the series in `rows` by the other's, which has them in that order."""
        self.firsts[rows] = np.minimum(self.firsts[rows], other.firsts)
        self.lasts[rows] = np.maximum(self.lasts[rows], other.lasts)


def of_parts(parts: Iterable[Part], wanted: Wanted) -> Extents:
    """Those of some series in sealed parts. A part that can't be read counts as if all of it were there."""
    found, ordered = Extents.none(len(wanted.refs)), sorted(parts, key=lambda part: part.start)
    for part in ordered:
        _look(part, wanted, np.flatnonzero(found.firsts > part.start), found)
    for part in sorted(ordered, key=lambda part: -part.end):
        _look(part, wanted, np.flatnonzero((found.lasts < part.end) & (found.firsts != LATEST)), found)
    return found


def of_open(view: View, wanted: Wanted) -> Extents:
    """Those of some series in what is not sealed."""
    found, every = Extents.none(len(wanted.refs)), np.arange(len(wanted.refs))
    for table in (view.table, view.newest):
        if table is not None:
            _look_at_table(table, wanted, every, found)
    if view.ragged is not None:
        _look_at_ragged(view.ragged, wanted, every, found)
    return found


def _look(part: Part, wanted: Wanted, rows: IntArray, found: Extents) -> None:
    if not len(rows):
        return
    some = Wanted(wanted.refs[rows], wanted.columns[rows])
    try:
        if part.table is not None:
            _look_at_table(part.table, some, rows, found)
        elif part.ragged is not None:
            _look_at_ragged(part.ragged, some, rows, found)
    except DamagedError:
        found.take(Extents(np.full(len(rows), part.start), np.full(len(rows), part.end)), rows)


def _look_at_table(part: TablePart, wanted: Wanted, rows: IntArray, found: Extents) -> None:
    where, times = part.locate(wanted), part.times
    for low in range(0, len(where.rows), _COLUMNS):
        at = where.at[low : low + _COLUMNS]
        values = np.empty((len(at), len(times)))
        part.fill(values, at, 0, len(times))
        present = ~is_absent(values)
        any_ = np.flatnonzero(present.any(axis=1))
        firsts = times[present.argmax(axis=1)[any_]]
        lasts = times[len(times) - 1 - present[:, ::-1].argmax(axis=1)[any_]]
        found.take(Extents(firsts, lasts), rows[where.rows[low : low + _COLUMNS][any_]])


def _look_at_ragged(part: RaggedPart, wanted: Wanted, rows: IntArray, found: Extents) -> None:
    samples = part.samples(wanted, NEVER, LATEST)
    if len(samples.rows):
        starts = samples.counts.cumsum() - samples.counts
        firsts = np.minimum.reduceat(samples.times, starts)
        lasts = np.maximum.reduceat(samples.times, starts)
        found.take(Extents(firsts, lasts), rows[samples.rows])


def together(found: Sequence[Extents]) -> Extents:
    """Of series that live in several sources."""
    firsts = np.minimum.reduce([one.firsts for one in found])
    return Extents(firsts, np.maximum.reduce([one.lasts for one in found]))


def beside(found: Sequence[Extents]) -> Extents:
    """Of different series, one after the other."""
    return Extents(np.concatenate([one.firsts for one in found]), np.concatenate([one.lasts for one in found]))
