"""Reading files of sealed parts; their form is in `engine.tsdb.partformat`."""

from __future__ import annotations

import itertools
import mmap
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Final

import numpy as np

from engine.tsdb import codec
from engine.tsdb.cache import ArrayCache
from engine.tsdb.errors import DamagedError, FormatError
from engine.tsdb.partformat import (
    COLUMN_TYPE,
    HEADER,
    MAGIC,
    PART_TYPE,
    RAGGED,
    STRIPE,
    STRIPE_TYPE,
    TABLE,
    TRAILER,
    VERSION,
    width,
)
from engine.tsdb.parts import NO_SAMPLES, Block, Located, Samples, Wanted, matched
from engine.tsdb.view import Part
from promql.model.types import AnyArray, BoolArray, FloatArray, IntArray

_KEYS: Final = itertools.count()
_FEW: Final = 8


class PartFile:
    """A file of parts that is open for reading, or its bytes in memory. Raises DamagedError, FormatError."""

    def __init__(self, name: str, data: mmap.mmap | bytes, cache: ArrayCache) -> None:
        self.name = name
        self.key = next(_KEYS)  # not id(): that of a dropped file may come again
        self.data = data
        self.cache = cache
        if len(data) < HEADER.size + TRAILER.size:
            raise DamagedError(f"{name}: too short for a file of parts")
        head, version, turned = HEADER.unpack_from(data)
        if head != MAGIC or version != turned ^ 0xFFFF:
            raise DamagedError(f"{name}: not a file of parts, or its beginning is damaged")
        if version != VERSION:
            raise FormatError(f"{name}: format version {version}, but this release reads {VERSION}: use the other one")
        offset, length, crc, magic = TRAILER.unpack_from(data, len(data) - TRAILER.size)
        if magic != MAGIC:
            raise DamagedError(f"{name}: not a file of parts, or its end is missing")
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
            if kind == TABLE:
                yield Part(source, start, end, through, None, self.key, table=StoredTable(place))
            else:
                yield Part(source, start, end, through, None, self.key, ragged=StoredRagged(place))

    def lasts(self) -> tuple[IntArray, IntArray]:
        """Series and the time of a last sample of theirs in a part; a series may come several times."""
        directory, times, refs, columns, _ = self.arrays()
        rows = np.where(
            np.repeat(directory["kind"] == TABLE, directory["columns"]), columns["last"].astype(np.int64), 0
        )
        base = np.repeat(self._starts[:, 0] - directory["rows"], directory["columns"])
        within = np.arange(len(refs)) - np.repeat(self._starts[:, 1] - directory["columns"], directory["columns"])
        ragged = np.repeat(directory["kind"] == RAGGED, directory["columns"])
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
        for kind, count in zip((PART_TYPE, np.dtype("<i8"), np.dtype("<i8"), COLUMN_TYPE, STRIPE_TYPE),
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

    __slots__ = ("__weakref__", "_cache", "_first", "_key", "_place", "_width")

    def __init__(self, place: _Place) -> None:
        self._place = place
        self._width = width(place.rows.stop - place.rows.start)
        self._cache, self._key, self._first = place.file.cache, place.file.key, place.columns.start

    @property
    def times(self) -> IntArray:
        return self._place.times

    @property
    def refs(self) -> IntArray:
        """The series in each column, ascending: int64[S]."""
        return self._place.refs

    def locate(self, wanted: Wanted) -> Located:
        return matched(self._place.refs, wanted.refs)

    def whole(self, at: IntArray, low: int, high: int) -> bool:
        if len(at) < _FEW:  # a look at so few values is cheaper
            return False
        spans = self._place.spans
        if len(at) != len(spans):
            spans = spans[at]
        good: BoolArray = spans["dense"] & (spans["first"] <= low) & (spans["last"] >= high - 1)
        return bool(good.all())

    def fill(self, out: FloatArray, at: IntArray, low: int, high: int) -> None:
        if len(at) == 1:
            out[0] = self.column(int(at[0]))[1][low:high]
            return
        stripes, rows = np.divmod(at, self._width)
        edges = np.flatnonzero(np.diff(stripes)) + 1  # `at` ascends nearly always; where it does not, there are more
        for start, stop in pairwise([0, *edges.tolist(), len(at)]):
            block, some = self._stripe(int(stripes[start])), rows[start:stop]
            if stop - start == len(block) and (np.diff(some) == 1).all():
                out[start:stop] = block[:, low:high]
            else:
                out[start:stop] = block[some, low:high]

    def column(self, at: int) -> tuple[IntArray, FloatArray]:
        """It alone is kept, not its stripe: a question for `up` of a thousand targets is asked again."""
        key = (self._key, self._first + at, "column")
        if (found := self._cache.get(key)) is None:
            stripe, row = divmod(at, self._width)
            found = (self.times, self._decoded(stripe)[row].copy())
            self._cache.put(key, found)
        return found[0], found[1]

    def _stripe(self, at: int) -> FloatArray:
        key = (self._key, self._place.stripes.start + at)
        if (found := self._cache.get(key)) is None:
            found = (self._decoded(at),)
            self._cache.put(key, found)
        return found[0]

    def _decoded(self, at: int) -> FloatArray:
        place, each = self._place, self._width
        columns = min(each, place.columns.stop - place.columns.start - at * each)
        data = place.file.stripe(place.stripes.start + at)
        return codec.decode(data, columns, place.rows.stop - place.rows.start)


class StoredRagged:
    """A ragged part in a file."""

    __slots__ = ("_place",)

    def __init__(self, place: _Place) -> None:
        self._place = place

    @property
    def refs(self) -> IntArray:
        """The series that have samples here, ascending: int64[S]."""
        return self._place.refs

    def samples(self, wanted: Wanted, start: int, end: int) -> Samples:
        stripes = np.unique(matched(self._place.refs, wanted.refs).at // STRIPE)
        found = [self._block(int(stripe)).samples(wanted, start, end) for stripe in stripes]
        if not found:
            return NO_SAMPLES
        return Samples(
            np.concatenate([s.rows for s in found]),
            np.concatenate([s.counts for s in found]),
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
