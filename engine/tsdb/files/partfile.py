"""Reading files of sealed parts; their form is in `engine.tsdb.files.partformat`."""

from __future__ import annotations

import itertools
import mmap
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import numpy as np

from engine.foundation.errors import DamagedError, FormatError
from engine.tsdb.files.cache import ArrayCache
from engine.tsdb.files.partformat import HEADER, LEGACY_VERSION, MAGIC, TABLE, TRAILER, VERSION, instants
from engine.tsdb.files.partindex import Footer, Index, read_footer, read_index
from engine.tsdb.files.partlegacy import read_legacy
from engine.tsdb.files.stored import LegacyRagged, Place, StoredRagged, StoredTable
from engine.tsdb.view import Part
from promql.model.types import IntArray

_KEYS: Final = itertools.count()


class PartFile:
    """A file of parts that is open for reading, or its bytes in memory. Raises DamagedError, FormatError.

    `number` names it in its folder; `level` and `replaces` are as compaction wrote them.
    """

    def __init__(self, name: str, number: int, data: mmap.mmap | bytes, cache: ArrayCache) -> None:
        self.name = name
        self.number = number
        self.key = next(_KEYS)  # not id(): that of a dropped file may come again
        self.data = data
        self.cache = cache
        self.version = self._version()
        offset, length, crc, magic = TRAILER.unpack_from(data, len(data) - TRAILER.size)
        if magic != MAGIC:
            raise DamagedError(f"{name}: not a file of parts, or its end is missing")
        packed = data[offset : offset + length]
        if zlib.crc32(packed) != crc:
            raise DamagedError(f"{name}: the list of its parts has another checksum than when it was written")
        self._legacy: Index | None = None
        if self.version == VERSION:
            self._footer = read_footer(packed)
        else:
            directory, self._legacy = read_legacy(packed)
            self._footer = Footer(directory, np.empty(0))
        self.level, self.replaces = self._footer.level, self._footer.replaces
        self.start = int(self._footer.parts["start"].min())
        self.end = int(self._footer.parts["end"].max())

    @classmethod
    def open(cls, path: Path, cache: ArrayCache) -> PartFile:
        with path.open("rb") as file:
            try:
                data = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
            except ValueError:
                raise DamagedError(f"{path}: the file of parts is empty") from None
        return cls(str(path), int(path.stem), data, cache)

    @property
    def size(self) -> int:
        return len(self.data)

    def parts(self) -> Iterator[Part]:
        """In the order in which they were written."""
        ends, index = [0, 0, 0], -1
        for kind, source, through, start, end, rows, columns, stripes, number, _ in self._footer.parts.tolist():
            if number != index:
                ends, index = [0, 0, 0], number
            starts, ends = (
                ends,
                [a + b for a, b in zip(ends, (instants(kind, rows, columns), columns, stripes), strict=True)],
            )
            place = Place(self, index, rows, *(slice(a, b) for a, b in zip(starts, ends, strict=True)))
            if kind == TABLE:
                yield Part(source, start, end, through, None, self.key, table=StoredTable(place))
            else:
                ragged = StoredRagged(place) if self._legacy is None else LegacyRagged(place)
                yield Part(source, start, end, through, None, self.key, ragged=ragged)

    def lasts(self) -> Iterator[tuple[IntArray, IntArray]]:
        """Series and the times of their last samples in a part; a series may come several times."""
        for part in self.parts():
            if part.table is not None:
                assert isinstance(part.table, StoredTable)
                place = part.table.place
                about = place.about()
                yield about.refs[place.columns], about.times[place.times][about.lasts[place.columns]]
            else:
                assert isinstance(part.ragged, StoredRagged)
                place = part.ragged.place
                yield place.about().refs[place.columns], place.about().times[place.times]

    def index(self, number: int) -> Index:
        """Raises DamagedError."""
        key = (self.key, "index", number)
        if (found := self.cache.get(key)) is None:
            found = self._read_index(number).arrays()
            self.cache.put(key, found)
        return Index(*found)

    def stripe(self, index: int, at: int) -> memoryview:
        """The bytes of a stripe. Raises DamagedError."""
        about = self.index(index)
        return self._checked(int(about.offsets[at]), int(about.lengths[at]), int(about.crcs[at]))

    def check(self) -> None:
        """Read all of it. Raises DamagedError for what has another checksum than when it was written."""
        for number in np.unique(self._footer.parts["index"]).tolist():
            for at in range(len(self.index(number).offsets)):
                self.stripe(number, at)

    def _version(self) -> int:
        if len(self.data) < HEADER.size + TRAILER.size:
            raise DamagedError(f"{self.name}: too short for a file of parts")
        head, version, turned = HEADER.unpack_from(self.data)
        if head != MAGIC or version != turned ^ 0xFFFF:
            raise DamagedError(f"{self.name}: not a file of parts, or its beginning is damaged")
        if version not in (VERSION, LEGACY_VERSION):
            raise FormatError(
                f"{self.name}: format version {version}, but this release reads {LEGACY_VERSION} and {VERSION}: "
                "use the other one"
            )
        return int(version)

    def _read_index(self, number: int) -> Index:
        if self._legacy is not None:
            return self._legacy
        packed = self._checked(*self._footer.indexes[number].tolist())
        return read_index(packed, self._footer.parts[self._footer.parts["index"] == number])

    def _checked(self, offset: int, length: int, crc: int) -> memoryview:
        data = memoryview(self.data)[offset : offset + length]
        if zlib.crc32(data) != crc:
            raise DamagedError(
                f"{self.name}: bytes {offset} to {offset + length} have another checksum than when they were written: "
                "move the file away to go on without its samples"
            )
        return data
