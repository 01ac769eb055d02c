"""A file of sealed parts: what one turn of maintenance sealed, of many sources, in one file.

    header   magic, format version
    stripes  up to 64 columns each, encoded by `engine.tsdb.codec`; those of ragged parts: times, then values
    footer   arrays about parts, columns and stripes, deflated
    trailer  footer's place, length and checksum, format version, magic

Each stripe has its checksum in the footer and is checked whenever it is read. The file is written beside its place
and renamed (see `engine.foundation.files`), so it is whole or not there; nothing in it changes afterwards. Of each
column the first and the last row are kept and whether all between are samples, so that a steady series is known to
have no hole without a look at its values.

Law: bytes are read when a query needs them, through a map of the file; arrays about a file too, and both are kept
in a bounded cache.
"""

from __future__ import annotations

import itertools
import mmap
import struct
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

import numpy as np

from engine.tsdb import codec
from engine.tsdb.cache import ArrayCache
from engine.tsdb.errors import DamagedError, FormatError
from engine.tsdb.parts import Block, Samples, Wanted, positions
from engine.tsdb.source import Part
from engine.tsdb.table import TableView
from promql.model.staleness import is_absent, is_stale
from promql.model.types import AnyArray, BoolArray, FloatArray, IntArray

VERSION: Final = 1
STRIPE: Final = 64
_MAGIC: Final = b"engparts"
_HEADER: Final = struct.Struct("<8sHxxI")
_TRAILER: Final = struct.Struct("<QQIH2x8s")
_TABLE: Final = 1
_RAGGED: Final = 2
_KEYS: Final = itertools.count()

_PART: Final = np.dtype(
    [("kind", "<u4"), ("source", "<u4"), ("through", "<i8"), ("start", "<i8"), ("end", "<i8"),
     ("rows", "<u4"), ("columns", "<u4"), ("stripes", "<u4")]
)  # fmt: skip
_COLUMN: Final = np.dtype([("first", "<u4"), ("last", "<u4"), ("dense", "?")])
_STRIPE: Final = np.dtype([("offset", "<u8"), ("length", "<u4"), ("crc", "<u4")])


@dataclass(frozen=True, slots=True)
class _Encoded:
    """One part on its way into a file. For a ragged part `times` has the last time of each series."""

    head: tuple[int, ...]
    times: IntArray
    refs: IntArray
    columns: AnyArray
    stripes: list[bytes]


def encode_part(part: Part, refs: IntArray) -> _Encoded:
    """Turn and encode a sealed part; `refs` gives the series in each column of its source."""
    if isinstance(part.table, TableView):
        return _encode_table(part, part.table, refs)
    assert isinstance(part.ragged, Block)
    return _encode_ragged(part, part.ragged)


def write_parts(file: BinaryIO, parts: Sequence[_Encoded]) -> None:
    """Write a whole file of parts."""
    file.write(_HEADER.pack(_MAGIC, VERSION, 0))
    offset = _HEADER.size
    stripes = [stripe for part in parts for stripe in part.stripes]
    places = np.zeros(len(stripes), _STRIPE)
    for at, stripe in enumerate(stripes):
        places[at] = (offset, len(stripe), zlib.crc32(stripe))
        file.write(stripe)
        offset += len(stripe)
    footer = _footer(parts, places)
    file.write(footer)
    file.write(_TRAILER.pack(offset, len(footer), zlib.crc32(footer), VERSION, _MAGIC))


def _encode_table(part: Part, table: TableView, refs: IntArray) -> _Encoded:
    names = refs[table.columns]
    order = names.argsort()
    values = table.turned()[order]
    present = ~is_absent(values)
    columns = np.zeros(len(names), _COLUMN)
    rows = values.shape[1]
    columns["first"] = present.argmax(axis=1)
    columns["last"] = rows - 1 - present[:, ::-1].argmax(axis=1)
    full = present.sum(axis=1) == columns["last"] - columns["first"] + 1
    columns["dense"] = full & ~is_stale(values).any(axis=1)
    stripes = [codec.encode(values[at : at + STRIPE]) for at in range(0, len(values), STRIPE)]
    head = (_TABLE, part.source, part.through, part.start, part.end, rows, len(names), len(stripes))
    return _Encoded(head, table.times, names[order], columns, stripes)


def _encode_ragged(part: Part, block: Block) -> _Encoded:
    columns = np.zeros(len(block.refs), _COLUMN)
    columns["last"] = np.diff(block.offsets) - 1
    stripes: list[bytes] = []
    for at in range(0, len(block.refs), STRIPE):
        low, high = block.offsets[at], block.offsets[min(at + STRIPE, len(block.refs))]
        stripes.append(codec.encode_times(block.times[low:high]))
        stripes.append(codec.encode(block.values[None, low:high]))
    ends = block.times[block.offsets[1:] - 1]
    head = (_RAGGED, part.source, part.through, part.start, part.end, len(ends), len(ends), len(stripes))
    return _Encoded(head, ends, block.refs, columns, stripes)


def _footer(parts: Sequence[_Encoded], places: AnyArray) -> bytes:
    directory = np.array([part.head for part in parts], _PART)
    times = np.diff(np.concatenate([part.times for part in parts]), prepend=0)
    refs = np.diff(np.concatenate([part.refs for part in parts]), prepend=0)
    columns = np.concatenate([part.columns for part in parts])
    counts = np.array([len(directory), len(times), len(refs), len(places)], "<u4")
    return zlib.compress(b"".join(a.tobytes() for a in (counts, directory, times, refs, columns, places)), 1)


class PartFile:
    """A file of parts that is open for reading, or its bytes in memory. Raises DamagedError, FormatError."""

    def __init__(self, name: str, data: mmap.mmap | bytes, cache: ArrayCache) -> None:
        self.name = name
        self.key = next(_KEYS)  # not id(): that of a dropped file may come again
        self.data = data
        self.cache = cache
        if len(data) < _HEADER.size + _TRAILER.size:
            raise DamagedError(f"{name}: too short for a file of parts")
        offset, length, crc, version, magic = _TRAILER.unpack_from(data, len(data) - _TRAILER.size)
        if magic != _MAGIC:
            raise DamagedError(f"{name}: not a file of parts, or its end is missing")
        if version != VERSION:
            raise FormatError(
                f"{name}: format version {version}, but this release reads {VERSION}: use the other release"
            )
        self._footer = slice(offset, offset + length)
        self._crc = crc
        directory = self.arrays()[0]
        self.start = int(directory["start"].min())
        self.end = int(directory["end"].max())
        self._starts = np.cumsum(directory[["rows", "columns", "stripes"]].tolist(), axis=0)

    @classmethod
    def open(cls, path: Path, cache: ArrayCache) -> PartFile:
        with path.open("rb") as file:
            try:
                data = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
            except ValueError:
                raise DamagedError(f"{path}: the file of parts is empty") from None
        return cls(str(path), data, cache)

    @property
    def size(self) -> int:
        return len(self.data)

    def arrays(self) -> tuple[AnyArray, ...]:
        """Directory, times, refs, columns and stripes of all parts."""
        key = (self.key, -1)
        if (found := self.cache.get(key)) is None:
            found = self._read_footer()
            self.cache.put(key, found)
        return found

    def parts(self) -> Iterator[Part]:
        directory = self.arrays()[0]
        ends = self._starts
        for at, head in enumerate(directory.tolist()):
            kind, source, through, start, end, *sizes = head
            rows, columns, stripes = (slice(int(e) - n, int(e)) for e, n in zip(ends[at], sizes, strict=True))
            place = _Place(self, rows, columns, stripes)
            if kind == _TABLE:
                yield Part(source, start, end, through, None, self.key, table=StoredTable(place))
            else:
                yield Part(source, start, end, through, None, self.key, ragged=StoredRagged(place))

    def lasts(self) -> tuple[IntArray, IntArray]:
        """Series and the time of a last sample of theirs in a part; a series may come several times."""
        directory, times, refs, columns, _ = self.arrays()
        rows = np.where(
            np.repeat(directory["kind"] == _TABLE, directory["columns"]), columns["last"].astype(np.int64), 0
        )
        base = np.repeat(self._starts[:, 0] - directory["rows"], directory["columns"])
        within = np.arange(len(refs)) - np.repeat(self._starts[:, 1] - directory["columns"], directory["columns"])
        ragged = np.repeat(directory["kind"] == _RAGGED, directory["columns"])
        return refs, times[base + np.where(ragged, within, rows)]

    def stripe(self, at: int) -> memoryview:
        """The bytes of a stripe. Raises DamagedError."""
        offset, length, crc = self.arrays()[4][at].tolist()
        data = memoryview(self.data)[offset : offset + length]
        if zlib.crc32(data) != crc:
            raise DamagedError(
                f"{self.name}: bytes {offset} to {offset + length} have another checksum than when they were written: "
                "move the file away to go on without its samples"
            )
        return data

    def _read_footer(self) -> tuple[AnyArray, ...]:
        packed = self.data[self._footer]
        if zlib.crc32(packed) != self._crc:
            raise DamagedError(f"{self.name}: the list of its parts has another checksum than when it was written")
        data = zlib.decompress(packed)
        counts = np.frombuffer(data, "<u4", 4).tolist()
        out: list[AnyArray] = []
        offset = 16
        for kind, count in zip((_PART, np.dtype("<i8"), np.dtype("<i8"), _COLUMN, _STRIPE),
                               (counts[0], counts[1], counts[2], counts[2], counts[3]), strict=True):  # fmt: skip
            out.append(np.frombuffer(data, kind, count, offset))
            offset += count * kind.itemsize
        return (out[0], np.cumsum(out[1]), np.cumsum(out[2]), out[3], out[4])


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a part's rows, columns and stripes are among those of its file."""

    file: PartFile
    rows: slice
    columns: slice
    stripes: slice

    @property
    def times(self) -> IntArray:
        return self.file.arrays()[1][self.rows]

    @property
    def refs(self) -> IntArray:
        return self.file.arrays()[2][self.columns]

    @property
    def spans(self) -> AnyArray:
        return self.file.arrays()[3][self.columns]


class StoredTable:
    """A table part in a file; see `engine.tsdb.parts.TablePart`."""

    __slots__ = ("_place",)

    def __init__(self, place: _Place) -> None:
        self._place = place

    @property
    def times(self) -> IntArray:
        return self._place.times

    def locate(self, wanted: Wanted) -> IntArray:
        return positions(self._place.refs, wanted.refs)

    def whole(self, at: IntArray, low: int, high: int) -> bool:
        spans = self._place.spans[at]
        good: BoolArray = spans["dense"] & (spans["first"] <= low) & (spans["last"] >= high - 1)
        return bool(good.all())

    def fill(self, out: FloatArray, at: IntArray, low: int, high: int) -> None:
        stripes = at // STRIPE
        for stripe in np.unique(stripes):
            here = stripes == stripe
            out[here] = self._stripe(int(stripe))[at[here] % STRIPE, low:high]

    def _stripe(self, at: int) -> FloatArray:
        place = self._place
        number = place.stripes.start + at
        key = (place.file.key, number)
        if (found := place.file.cache.get(key)) is not None:
            return found[0]
        columns = min(STRIPE, place.columns.stop - place.columns.start - at * STRIPE)
        values = codec.decode(place.file.stripe(number), columns, place.rows.stop - place.rows.start)
        place.file.cache.put(key, (values,))
        return values


class StoredRagged:
    """A ragged part in a file."""

    __slots__ = ("_place",)

    def __init__(self, place: _Place) -> None:
        self._place = place

    def samples(self, wanted: Wanted, start: int, end: int) -> Samples:
        at = positions(self._place.refs, wanted.refs)
        found = [self._block(int(stripe)).samples(wanted, start, end) for stripe in np.unique(at[at >= 0] // STRIPE)]
        if not found:
            return Samples(np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0))
        return Samples(
            np.concatenate([s.rows for s in found]),
            np.concatenate([s.times for s in found]),
            np.concatenate([s.values for s in found]),
        )

    def _block(self, at: int) -> Block:
        place = self._place
        number = place.stripes.start + 2 * at
        key = (place.file.key, number)
        columns = slice(at * STRIPE, (at + 1) * STRIPE)
        offsets = np.concatenate([[0], np.cumsum(place.spans["last"][columns].astype(np.int64) + 1)])
        found = place.file.cache.get(key)
        if found is None:
            times = codec.decode_times(place.file.stripe(number))
            found = (times, codec.decode(place.file.stripe(number + 1), 1, len(times))[0])
            place.file.cache.put(key, found)
        return Block(place.refs[columns], offsets, found[0], found[1])
