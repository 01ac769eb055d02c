"""Files of blobs.

A file is records (`engine.foundation.frames`): first the labels of its streams, by their place, then blobs, stream by
stream in order of arrival, then the directory, which repeats the labels and tells where each blob is; at the very end
stands where the directory begins. Laws:
- A file is whole or not there, and never changes.
- It says up to which segment of the log it holds everything (`through`), and which files it replaces.
- Files are in order of arrival: by `order`, which a file that replaces others takes from the first of them.
- Where the directory can't be read, blobs are found by reading the whole file.
"""

from __future__ import annotations

import mmap
import struct
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import BinaryIO, Final, NamedTuple

import msgspec
from msgspec import Struct

from engine.foundation.errors import DamagedError
from engine.foundation.frames import HEADER_SIZE, Form, Frame, file_header, framed, has_header, payload_at, read_frames
from engine.foundation.zstd import compressed, decompressed
from engine.logs.store import blob as blobs
from promql.model.labels import Labels

FORM: Final = Form(b"logs", 1)
_STREAMS, _BLOB, _DIRECTORY = 1, 2, 3
_END: Final = struct.Struct("<Q8s")
_MAGIC: Final = b"logs-end"


class Named(NamedTuple):
    """Who a stream is."""

    tenant: str
    labels: Labels


class Entry(NamedTuple):
    """Where a blob is, and what is in it; `size` are bytes of text, `stored` bytes in the file."""

    stream: int
    offset: int
    stored: int
    first: int
    last: int
    lines: int
    size: int


class Directory(msgspec.Struct, frozen=True, array_like=True):
    """What a file says at its end."""

    order: int
    through: int
    replaces: tuple[int, ...]
    streams: list[tuple[str, tuple[tuple[str, str], ...]]]
    entries: list[Entry]


class Segment:
    """A file that is open for reading, or its bytes in memory; its lines are of `first` to `last` (Unix ns)."""

    def __init__(
        self, number: int, name: str, data: mmap.mmap | bytes, directory: Directory, *, path: Path | None
    ) -> None:
        self.number = number
        self.name = name
        self.path = path
        self.order = directory.order
        self.through = directory.through
        self.replaces = directory.replaces
        self.entries = directory.entries
        self.first = min((entry.first for entry in directory.entries), default=0)
        self.last = max((entry.last for entry in directory.entries), default=0)
        self.streams = [Named(tenant, Labels(pairs)) for tenant, pairs in directory.streams]
        self._data = data

    @classmethod
    def open(cls, path: Path) -> Segment:
        """Raises DamagedError, FormatError."""
        with path.open("rb") as file:
            try:
                data = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
            except ValueError:
                raise DamagedError(f"{path}: the file of lines is empty") from None
        try:
            directory = _directory(data, str(path))
        except DamagedError:
            directory = _found_again(path)
        return cls(int(path.stem), str(path), data, directory, path=path)

    @classmethod
    def in_memory(cls, number: int, content: bytes) -> Segment:
        return cls(number, f"segment {number}", content, _directory(content, ""), path=None)

    @property
    def size(self) -> int:
        return len(self._data)

    def blob(self, offset: int) -> memoryview:
        """The blob there. Raises DamagedError."""
        try:
            return payload_at(self._data, offset)
        except DamagedError as error:
            raise DamagedError(f"{self.name}: {error}") from None


class Writing(Struct):
    """A file of blobs that is being written."""

    order: int
    through: int
    replaces: tuple[int, ...] = ()

    def write(self, file: BinaryIO, streams: Sequence[Named], found: Iterable[bytes]) -> None:
        """All of it; each blob bears the place of its stream in `streams`."""
        names = [(named.tenant, named.labels.pairs) for named in streams]
        at = file.write(file_header(FORM))
        at += file.write(
            framed(_STREAMS, compressed(msgspec.msgpack.encode((self.order, self.through, self.replaces, names))))
        )
        entries: list[Entry] = []
        for blob in found:
            told = blobs.told(memoryview(blob))
            frame = framed(_BLOB, blob)
            entries.append(Entry(told.stream, at, len(frame), told.first, told.last, told.lines, told.size))
            at += file.write(frame)
        directory = Directory(self.order, self.through, self.replaces, names, entries)
        file.write(framed(_DIRECTORY, compressed(msgspec.msgpack.encode(directory))))
        file.write(_END.pack(at, _MAGIC))


def _directory(data: mmap.mmap | bytes, name: str) -> Directory:
    if len(data) < HEADER_SIZE + _END.size or not has_header(data, FORM, name):
        raise DamagedError("this is no file of lines")
    at, magic = _END.unpack_from(data, len(data) - _END.size)
    if magic != _MAGIC:
        raise DamagedError("the end is missing")
    return msgspec.msgpack.decode(decompressed(payload_at(data, at)), type=Directory)


def _found_again(path: Path) -> Directory:
    """The directory of a file whose own can't be read. Raises DamagedError where the labels are gone as well."""
    order = through = 0
    replaces: tuple[int, ...] = ()
    streams: list[tuple[str, tuple[tuple[str, str], ...]]] | None = None
    entries: list[Entry] = []
    for frame, start in _placed(path):
        if frame.kind == _STREAMS:
            order, through, replaces, streams = msgspec.msgpack.decode(
                decompressed(frame.payload),
                type=tuple[int, int, tuple[int, ...], list[tuple[str, tuple[tuple[str, str], ...]]]],
            )
        elif frame.kind == _BLOB:
            told = blobs.told(frame.payload)
            entries.append(Entry(told.stream, start, frame.end - start, told.first, told.last, told.lines, told.size))
    if streams is None:
        raise DamagedError(f"{path}: neither the directory nor the labels of this file of lines can be read")
    return Directory(order, through, replaces, streams, entries)


def _placed(path: Path) -> Iterator[tuple[Frame, int]]:
    """The records that can be read, each with where it begins."""
    for found in read_frames(path, FORM):
        if isinstance(found, Frame):
            yield found, found.start
