"""Stored parts of one source, written anew as they are seen.

What is untouched and has nothing to be joined with is copied as it lies. Tables that follow each other in time become
one, as long as that has not too many rows to decode for a narrow question, and does not consist of holes (series that
come and go make many columns that share few rows). Ragged parts become one up to a size.

Law: what is read is what queries see; samples that were deleted are not there, so rewriting makes room.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import reduce
from typing import Final, Protocol, cast

import numpy as np

from engine.names.numbers import NEVER
from engine.tsdb.codec.layout import slice_columns
from engine.tsdb.files.partformat import RAGGED, TABLE, VERSION
from engine.tsdb.files.partindex import About
from engine.tsdb.files.partwrite import Head, PartWriter, write_ragged, write_table
from engine.tsdb.files.stored import Place, StoredRagged, StoredTable
from engine.tsdb.parts import Block, RaggedPart, Samples, SealedTable, Wanted
from engine.tsdb.view import Part
from promql.model.staleness import ABSENT_NAN, is_absent
from promql.model.types import BoolArray, FloatArray, IntArray

_ROWS: Final = 512
_SAMPLES: Final = 1 << 18
_INFLATION: Final = 1.25
_LATEST: Final = int(np.iinfo(np.int64).max)


class NamedTable(SealedTable, Protocol):
    """A table that knows its series, as all stored ones do."""

    @property
    def refs(self) -> IntArray: ...


class NamedRagged(RaggedPart, Protocol):
    @property
    def refs(self) -> IntArray: ...


def write_source(writer: PartWriter, parts: Sequence[Part], join: bool) -> Iterator[int]:
    """Write all these parts of one source; without `join` none are joined. Yields samples done. Raises DamagedError."""
    for group in _groups(parts, join):
        head = Head(group[0].source, max(part.through for part in group))
        if group[0].table is not None:
            yield from _write_tables(writer, head, group)
        else:
            yield from _write_raggeds(writer, head, group)


def _groups(parts: Sequence[Part], join: bool) -> Iterator[list[Part]]:
    ordered = sorted(parts, key=lambda part: (part.start, part.end))
    for kind in ("table", "ragged"):
        group = _Group()
        for part in ordered:
            if getattr(part, kind) is None:
                continue
            if group.parts and not (join and group.fits(part)):
                yield group.parts
                group = _Group()
            group.add(part)
        if group.parts:
            yield group.parts


class _Group:
    """Parts of one kind that may become one; their series and sizes are summed up as they come."""

    def __init__(self) -> None:
        self.parts: list[Part] = []
        self._series: IntArray = np.empty(0, np.int64)
        self._rows = self._size = 0

    def fits(self, part: Part) -> bool:
        if part.ragged is not None:
            return self._size + part.ragged.size <= _SAMPLES
        table = cast("NamedTable", part.table)
        rows = self._rows + len(table.times)
        if rows > _ROWS or self.parts[-1].end >= part.start:
            return False
        places = rows * len(np.union1d(self._series, table.refs))
        return places <= _INFLATION * (self._size + len(table.times) * len(table.refs))

    def add(self, part: Part) -> None:
        self.parts.append(part)
        if part.ragged is not None:
            self._size += part.ragged.size
            return
        table = cast("NamedTable", part.table)
        self._series = np.union1d(self._series, table.refs)
        self._rows += len(table.times)
        self._size += len(table.times) * len(table.refs)


def _write_tables(writer: PartWriter, head: Head, group: Sequence[Part]) -> Iterator[int]:
    only = group[0].table if len(group) == 1 else None
    if isinstance(only, StoredTable) and only.place.file.version == VERSION:
        yield _copy(writer, TABLE, head, group[0], only.place)
        return
    columns = _Joined([cast("NamedTable", part.table) for part in group])
    if any(part.deletions for part in group):
        yield columns.leave_empty_rows()
    if len(columns.times):
        yield from write_table(writer, head, columns)


def _write_raggeds(writer: PartWriter, head: Head, group: Sequence[Part]) -> Iterator[int]:
    only = group[0].ragged if len(group) == 1 else None
    if isinstance(only, StoredRagged) and only.place.file.version == VERSION:
        yield _copy(writer, RAGGED, head, group[0], only.place)
        return
    block = _joined_block([cast("NamedRagged", part.ragged) for part in group])
    yield from write_ragged(writer, head, block)


def _copy(writer: PartWriter, kind: int, head: Head, part: Part, place: Place) -> int:
    """The bytes of a part as they lie; how many there are."""
    about, size = place.about(), 0
    for at in range(place.stripes.start, place.stripes.stop):
        stripe = place.file.stripe(place.index, at)
        writer.stripe(stripe)
        size += len(stripe)
    names = ("refs", "firsts", "lasts", "dense", "codes", "time_codes")
    arrays = [getattr(about, name)[place.columns] for name in names]
    writer.part(kind, head, (part.start, part.end), place.rows, About(about.times[place.times], *arrays))
    return size


class _Joined:
    """Tables that follow each other, as one; see `engine.tsdb.partwrite.Columns`."""

    def __init__(self, tables: Sequence[NamedTable]) -> None:
        self._tables = tables
        self._times = np.concatenate([table.times for table in tables])
        self._kept: BoolArray | None = None
        self.refs: IntArray = reduce(np.union1d, [table.refs for table in tables])

    @property
    def times(self) -> IntArray:
        return self._times if self._kept is None else self._times[self._kept]

    def leave_empty_rows(self) -> int:
        """Go through all samples, to leave out the rows that have none; how many there are."""
        kept, each = np.zeros(len(self._times), np.bool_), slice_columns(len(self._times))
        for low in range(0, len(self.refs), each):
            kept |= ~is_absent(self._values(low, min(low + each, len(self.refs)))).all(axis=0)
        self._kept = None if kept.all() else kept
        return len(kept) * len(self.refs)

    def values(self, low: int, high: int) -> FloatArray:
        values = self._values(low, high)
        return values if self._kept is None else values[:, self._kept]

    def _values(self, low: int, high: int) -> FloatArray:
        refs = self.refs[low:high]
        out = np.empty((high - low, len(self._times)))
        row = 0
        for table in self._tables:
            rows = len(table.times)
            self._fill(out[:, row : row + rows], table, refs)
            row += rows
        return out

    @staticmethod
    def _fill(out: FloatArray, table: NamedTable, refs: IntArray) -> None:
        found = table.locate(Wanted(refs, refs))  # a stored table asks for series alone
        if len(found.rows) == len(refs):
            table.fill(out, found.at, 0, out.shape[1])
            return
        out.fill(ABSENT_NAN)
        if len(found.rows):
            some = np.empty((len(found.rows), out.shape[1]))
            table.fill(some, found.at, 0, out.shape[1])
            out[found.rows] = some


def _joined_block(raggeds: Sequence[NamedRagged]) -> Block:
    pieces: list[tuple[IntArray, Samples]] = []
    for ragged in raggeds:
        refs = ragged.refs
        pieces.append((refs, ragged.samples(Wanted(refs, refs), NEVER, _LATEST)))
    owners = np.concatenate([np.repeat(refs[some.rows], some.counts) for refs, some in pieces])
    times = np.concatenate([some.times for _, some in pieces])
    order = np.lexsort((times, owners))
    names, starts = np.unique(owners[order], return_index=True)
    values = np.concatenate([some.values for _, some in pieces])
    return Block(names, np.append(starts, len(order)).astype(np.int64), times[order], values[order])
