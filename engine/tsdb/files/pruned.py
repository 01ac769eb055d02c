"""Stored parts seen through deletions: what was deleted is not there, whoever looks.

Law: a pruned part is a part like any other and immutable; a further deletion makes another one over the same bytes.
Nothing is decoded to make one, and series that a deletion is not about cost one look at their numbers.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from msgspec.structs import replace

from engine.tsdb.files.stored import StoredRagged, StoredTable
from engine.tsdb.log.tombstones import Deletion
from engine.tsdb.parts import Located, Samples, Wanted
from engine.tsdb.view import Part
from promql.model.staleness import ABSENT_NAN, is_absent
from promql.model.types import BoolArray, FloatArray, IntArray

Deletions = tuple[Deletion, ...]


def pruned(part: Part, deletions: Sequence[Deletion]) -> Part:
    """A stored part without what these further deletions take from it; the same one if that is nothing."""
    taken = tuple(one for one in deletions if _concerns(one, part))
    if isinstance(table := part.table, StoredTable | PrunedTable):
        taken = tuple(one for one in taken if one.takes_from(table.refs).any())
        bare = table.bare if isinstance(table, PrunedTable) else table
        every = (*part.deletions, *taken)
        return replace(part, deletions=every, table=PrunedTable(bare, every)) if taken else part
    if isinstance(ragged := part.ragged, StoredRagged | PrunedRagged):
        taken = tuple(one for one in taken if one.takes_from(ragged.refs).any())
        whole = ragged.bare if isinstance(ragged, PrunedRagged) else ragged
        every = (*part.deletions, *taken)
        return replace(part, deletions=every, ragged=PrunedRagged(whole, every)) if taken else part
    assert not taken, "a deletion comes after all that it deletes from is stored"
    return part


def deleted_value(part: Part, wanted: Wanted, time: int) -> float | None:
    """What the one wanted series had at that time in a pruned part, deleted or not; None where it had nothing."""
    if isinstance(part.table, PrunedTable):
        found, row = part.table.bare.locate(wanted), int(part.table.times.searchsorted(time))
        if len(found.at) and row < len(part.table.times) and part.table.times[row] == time:
            value = part.table.bare.column(int(found.at[0]))[1][row : row + 1]
            return None if is_absent(value).any() else float(value[0])
    elif isinstance(part.ragged, PrunedRagged):
        samples = part.ragged.bare.samples(wanted, time, time)
        return float(samples.values[0]) if len(samples.values) else None
    return None


class PrunedTable:
    """See `engine.tsdb.parts.TablePart`; `bare` is the part with all its samples."""

    __slots__ = ("__weakref__", "_deletions", "bare")

    def __init__(self, bare: StoredTable, deletions: Deletions) -> None:
        self.bare = bare
        self._deletions = deletions

    @property
    def times(self) -> IntArray:
        return self.bare.times

    @property
    def refs(self) -> IntArray:
        return self.bare.refs

    def locate(self, wanted: Wanted) -> Located:
        found, times = self.bare.locate(wanted), self.times
        for one in self._deletions:
            if one.start <= times[0] and one.end >= times[-1] and len(found.rows):
                left = ~one.takes_from(wanted.refs[found.rows])
                found = Located(found.rows[left], found.at[left])
        return found

    def whole(self, at: IntArray, low: int, high: int) -> bool:
        return self.bare.whole(at, low, high) and not any(hit.any() for _, _, hit in self._cuts(at, low, high))

    def fill(self, out: FloatArray, at: IntArray, low: int, high: int) -> None:
        self.bare.fill(out, at, low, high)
        for first, last, hit in self._cuts(at, low, high):
            out[hit, first - low : last - low] = ABSENT_NAN

    @property
    def height(self) -> int:
        return self.bare.height

    def kept(self, at: IntArray) -> tuple[IntArray, FloatArray]:
        times, values = self.bare.kept(at)
        for first, last, hit in self._cuts(at, 0, len(times)):
            if hit.any():
                values = values.copy()
                values[hit, first:last] = ABSENT_NAN
        return times, values

    def column(self, at: int) -> tuple[IntArray, FloatArray]:
        times, values = self.kept(np.array([at]))
        return times, values[0]

    def _cuts(self, at: IntArray, low: int, high: int) -> list[tuple[int, int, BoolArray]]:
        """For each deletion that reaches into these rows: the rows from, up to, and which of the columns."""
        times, refs, cuts = self.times, self.refs[at], []
        for one in self._deletions:
            first = max(low, int(times.searchsorted(one.start)))
            last = min(high, int(times.searchsorted(one.end, "right")))
            if first < last:
                cuts.append((first, last, one.takes_from(refs)))
        return cuts


class PrunedRagged:
    """See `engine.tsdb.parts.RaggedPart`."""

    __slots__ = ("_deletions", "bare")

    def __init__(self, bare: StoredRagged, deletions: Deletions) -> None:
        self.bare = bare
        self._deletions = deletions

    @property
    def refs(self) -> IntArray:
        return self.bare.refs

    @property
    def size(self) -> int:
        return self.bare.size

    def samples(self, wanted: Wanted, start: int, end: int) -> Samples:
        found = self.bare.samples(wanted, start, end)
        for one in self._deletions:
            if len(found.rows):
                theirs = np.repeat(one.takes_from(wanted.refs[found.rows]), found.counts)
                gone = theirs & (found.times >= one.start) & (found.times <= one.end)
                found = Samples.chosen(found.rows, found.counts, ~gone, (found.times, found.values))
        return found


def _concerns(deletion: Deletion, part: Part) -> bool:
    return part.through < deletion.number and deletion.start <= part.end and deletion.end >= part.start
