"""Writing files of sealed parts; their form is in `engine.tsdb.files.partformat`.

Law: no part is ever held as a whole. Columns are taken some megabytes at a time, encoded, and written; what `write_...`
yields says how many samples that were, so that a caller may pause there.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence
from typing import BinaryIO, Protocol

import numpy as np
from msgspec import Struct

from engine.tsdb.codec.layout import slice_columns
from engine.tsdb.codec.stripes import encode, encode_integers
from engine.tsdb.files.partformat import (
    HEADER,
    INDEX_COLUMNS,
    MAGIC,
    PART_TYPE,
    PLACE_TYPE,
    RAGGED,
    TABLE,
    TRAILER,
    VERSION,
)
from engine.tsdb.files.partindex import About, Footer, pack_index
from engine.tsdb.parts import Block
from engine.tsdb.table import TableView
from engine.tsdb.view import Part
from promql.model.staleness import is_absent, is_stale
from promql.model.types import AnyArray, BoolArray, FloatArray, IntArray


class Head(Struct, frozen=True):
    """Whose part it is, and its last commit."""

    source: int
    through: int


class Columns(Protocol):
    """What becomes a table: series `refs: int64[S]` ascending over `times: int64[T]`."""

    @property
    def times(self) -> IntArray: ...

    @property
    def refs(self) -> IntArray: ...

    def values(self, low: int, high: int) -> FloatArray:
        """Of the series from `low` up to `high`: float64[high - low, T]; ABSENT_NAN where there is no sample."""


def _together(abouts: Sequence[About]) -> About:
    names = About.__struct_fields__
    return About(**{name: np.concatenate([getattr(about, name) for about in abouts]) for name in names})


class PartWriter:
    """Writes one file from its beginning to its end; `finish` closes it, without which it is none."""

    def __init__(self, file: BinaryIO, level: int = 0, replaces: frozenset[int] = frozenset()) -> None:
        self._file = file
        self._level, self._replaces = level, replaces
        self.throughs: dict[int, int] = {}
        """The last commit in what was written, by source."""
        self._parts: list[tuple[int, ...]] = []
        self._indexes: list[tuple[int, int, int]] = []
        self._abouts: list[About] = []
        self._stripes: list[tuple[int, int]] = []
        self._offset = self._part_offset = 0
        self._part_stripes = 0
        self._write(HEADER.pack(MAGIC, VERSION, VERSION ^ 0xFFFF))
        self._part_offset = self._offset

    def stripe(self, data: bytes | memoryview) -> None:
        """Add a stripe to the part that comes next."""
        self._stripes.append((len(data), zlib.crc32(data)))
        self._part_stripes += 1
        self._write(data)

    def part(self, kind: int, head: Head, span: tuple[int, int], rows: int, about: About) -> None:
        """A part of the stripes that were added since the last one; `span` has its first and last time."""
        sizes = (rows, len(about.refs), self._part_stripes, len(self._indexes), self._part_offset)
        self._parts.append((kind, head.source, head.through, *span, *sizes))
        self._abouts.append(about)
        self.throughs[head.source] = max(head.through, self.throughs.get(head.source, -1))
        self._part_offset, self._part_stripes = self._offset, 0
        if sum(len(one.refs) for one in self._abouts) >= INDEX_COLUMNS:
            self._close_index()

    def finish(self) -> int:
        """Write index and footer; how many parts there are."""
        if self._abouts:
            self._close_index()
        offset = self._offset
        parts, indexes = np.array(self._parts, PART_TYPE), np.array(self._indexes, PLACE_TYPE)
        footer = Footer(parts, indexes, self._level, self._replaces).packed()
        self._write(footer)
        self._write(TRAILER.pack(offset, len(footer), zlib.crc32(footer), MAGIC))
        return len(parts)

    def _close_index(self) -> None:
        lengths, crcs = np.array(self._stripes, np.int64).reshape(-1, 2).T
        packed = pack_index(_together(self._abouts), lengths, crcs)
        self._indexes.append((self._offset, len(packed), zlib.crc32(packed)))
        self._write(packed)
        self._abouts, self._stripes, self._part_offset = [], [], self._offset

    def _write(self, data: bytes | memoryview) -> None:
        self._file.write(data)
        self._offset += len(data)


def write_part(writer: PartWriter, part: Part, refs: IntArray) -> Iterator[int]:
    """Write a part that was just sealed; `refs` gives the series in each column of its source."""
    head = Head(part.source, part.through)
    if isinstance(part.table, TableView):
        yield from write_table(writer, head, _Sealed(part.table, refs))
    else:
        assert isinstance(part.ragged, Block)
        yield from write_ragged(writer, head, part.ragged)


class _Sealed:
    """A table that was sealed and not stored yet, by series."""

    def __init__(self, table: TableView, refs: IntArray) -> None:
        names = refs[table.columns]
        self._table = table
        self._order = names.argsort()
        self.times = table.times
        self.refs = names[self._order]

    def values(self, low: int, high: int) -> FloatArray:
        some = self._order[low:high]
        out = np.empty((len(some), len(self.times)))
        self._table.fill(out, some, 0, len(self.times))
        return out


def write_table(writer: PartWriter, head: Head, columns: Columns) -> Iterator[int]:
    """Write a table; series without a sample are left out, and if all are, it is too."""
    times = columns.times
    encoder = _Encoder(writer, len(times))
    each = slice_columns(len(times))
    for low in range(0, len(columns.refs), each):
        high = min(low + each, len(columns.refs))
        encoder.add(columns.refs[low:high], columns.values(low, high))
        yield (high - low) * len(times)
    if (about := encoder.finish(times)) is not None:
        writer.part(TABLE, head, (int(times[0]), int(times[-1])), len(times), about)


class _Encoder:
    """Fills whole slices, also where columns were left out: what is in a slice decides on its stripes."""

    def __init__(self, writer: PartWriter, rows: int) -> None:
        self._writer = writer
        self._each = slice_columns(rows)
        self._waiting = (np.empty(0, np.int64), np.empty((0, rows)))
        self._done: list[tuple[IntArray, IntArray, IntArray, BoolArray, AnyArray]] = []

    def add(self, refs: IntArray, values: FloatArray) -> None:
        absent = is_absent(values)
        if not (some := ~absent.all(axis=1)).all():
            refs, values = refs[some], values[some]
        if len(self._waiting[0]):
            refs = np.concatenate([self._waiting[0], refs])
            values = np.concatenate([self._waiting[1], values])
        whole = len(refs) // self._each * self._each
        for low in range(0, whole, self._each):
            self._encode(refs[low : low + self._each], values[low : low + self._each])
        self._waiting = (refs[whole:], values[whole:])

    def finish(self, times: IntArray) -> About | None:
        """None where no column was left."""
        if len(self._waiting[0]):
            self._encode(*self._waiting)
        if not self._done:
            return None
        refs, firsts, lasts, dense, codes = map(np.concatenate, zip(*self._done, strict=True))
        return About(times, refs, firsts, lasts, dense, codes, np.zeros(len(refs), np.uint8))

    def _encode(self, refs: IntArray, values: FloatArray) -> None:
        found = encode(values)
        for stripe in found.stripes:
            self._writer.stripe(stripe)
        self._done.append((refs, *_extents(values), found.codes))


def _extents(values: FloatArray) -> tuple[IntArray, IntArray, BoolArray]:
    """The first and the last row with a sample in each column, and whether all between are samples."""
    columns, rows = values.shape
    firsts, lasts = np.zeros(columns, np.int64), np.full(columns, rows - 1)
    dense = np.ones(columns, np.bool_)
    odd = np.flatnonzero(np.isnan(values).any(axis=1))
    if len(odd):
        some = values[odd]
        present = ~is_absent(some)
        firsts[odd] = present.argmax(axis=1)
        lasts[odd] = rows - 1 - present[:, ::-1].argmax(axis=1)
        full = present.sum(axis=1) == lasts[odd] - firsts[odd] + 1
        dense[odd] = full & ~is_stale(some).any(axis=1)
    return firsts, lasts, dense


def write_ragged(writer: PartWriter, head: Head, block: Block) -> Iterator[int]:
    """Write samples of series with instants of their own: those with about as many samples make a part together.

    Their times and values are encoded like a table's columns; a shorter one is filled up with its last sample.
    """
    counts = np.diff(block.offsets)
    sizes = np.frexp(counts.astype(np.float64))[1]
    for size in np.unique(sizes).tolist():
        series = np.flatnonzero(sizes == size)
        most = int(counts[series].max())
        codes, stripes, firsts, ends = [], [], [], []
        each = slice_columns(most)
        for low in range(0, len(series), each):
            some = series[low : low + each]
            places = block.offsets[some, None] + np.minimum(np.arange(most), counts[some, None] - 1)
            times, values = encode_integers(block.times[places]), encode(block.values[places])
            for stripe in times.stripes:
                writer.stripe(stripe)
            codes.append((values.codes, times.codes))
            stripes += values.stripes
            firsts.append(block.times[block.offsets[some]])
            ends.append(block.times[block.offsets[some + 1] - 1])
            yield len(some) * most
        for stripe in stripes:
            writer.stripe(stripe)
        value_codes, time_codes = map(np.concatenate, zip(*codes, strict=True))
        last = np.concatenate(ends)
        span = (int(np.concatenate(firsts).min()), int(last.max()))
        zeros = np.zeros(len(series), np.int64)
        about = About(last, block.refs[series], zeros, counts[series] - 1, zeros.astype(bool), value_codes, time_codes)
        writer.part(RAGGED, head, span, most, about)


def write_parts(file: BinaryIO, parts: Sequence[tuple[Part, IntArray]]) -> None:
    """A whole file of parts that were just sealed, each with the series in the columns of its source."""
    writer = PartWriter(file)
    for part, refs in parts:
        for _ in write_part(writer, part, refs):
            pass
    writer.finish()
