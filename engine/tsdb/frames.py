"""Append-only files of records, each with its length and a checksum.

A file begins with a header: magic, format version, that again with all bits turned (to tell another version from
damage), kind of file. A record is `magic kind length crc payload`; the checksum covers kind, length and payload. Laws:
- A record is written in one go; if that fails, the file is cut back to where it was, so a failed write leaves
  nothing behind.
- Reading goes from record to record; where one can't be read, the next one that can is looked for by its magic,
  and the gap is reported. A gap that reaches to the end is a torn tail.
"""

from __future__ import annotations

import os
import struct
import zlib
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from engine.foundation.files import NO_ROOM
from engine.tsdb.errors import DiskError, DiskFullError, FormatError
from promql.model.types import AnyArray

VERSION: Final = 1
_FILE_MAGIC: Final = b"\x93engine\n"
_FILE: Final = struct.Struct("<8sHH4s")
_MAGIC: Final = b"\xe7\xa1rc"
_FRAME: Final = struct.Struct("<4sBxxxII")
_SUMMED: Final = struct.Struct("<BxxxI")

Piece = bytes | AnyArray


@dataclass(frozen=True, slots=True)
class Frame:
    """One record."""

    kind: int
    payload: memoryview
    end: int


@dataclass(frozen=True, slots=True)
class Gap:
    """Bytes that are no record: `start` up to `end`; `torn` when nothing readable follows."""

    start: int
    end: int
    torn: bool


def file_header(tag: bytes) -> bytes:
    """What a file of records begins with; `tag` says which kind of file it is (4 bytes)."""
    return _FILE.pack(_FILE_MAGIC, VERSION, VERSION ^ 0xFFFF, tag)


def framed(kind: int, *pieces: Piece) -> bytes:
    """A record, ready to be written."""
    payload = b"".join(piece if isinstance(piece, bytes) else piece.data for piece in pieces)
    summed = _SUMMED.pack(kind, len(payload))
    return _FRAME.pack(_MAGIC, kind, len(payload), zlib.crc32(payload, zlib.crc32(summed))) + payload


def read_frames(path: Path, tag: bytes) -> Iterator[Frame | Gap]:
    """The records of a file and the gaps between them. Raises FormatError for another version or kind of file."""
    data = path.read_bytes()
    if len(data) < _FILE.size:
        if data:
            yield Gap(0, len(data), torn=True)
        return
    magic, version, turned, kind = _FILE.unpack_from(data)
    if (magic, turned ^ 0xFFFF, kind) != (_FILE_MAGIC, version, tag):
        yield Gap(0, _FILE.size, torn=False)
    elif version != VERSION:
        raise FormatError(f"{path}: format version {version}, but this release reads {VERSION}: use the other one")
    yield from _frames(data)


def _frames(data: bytes) -> Iterator[Frame | Gap]:
    at = _FILE.size
    while at < len(data):
        frame = _frame_at(data, at)
        if frame is None:
            start, at = at, _next_readable(data, at + 1)
            yield Gap(start, at, torn=at == len(data))
        else:
            yield frame
            at = frame.end


def _frame_at(data: bytes, at: int) -> Frame | None:
    if at + _FRAME.size > len(data):
        return None
    magic, kind, length, crc = _FRAME.unpack_from(data, at)
    start, end = at + _FRAME.size, at + _FRAME.size + length
    if magic != _MAGIC or end > len(data):
        return None
    payload = memoryview(data)[start:end]
    if zlib.crc32(payload, zlib.crc32(_SUMMED.pack(kind, length))) != crc:
        return None
    return Frame(kind, payload, end)


def _next_readable(data: bytes, at: int) -> int:
    while (at := data.find(_MAGIC, at)) >= 0:
        if _frame_at(data, at) is not None:
            return at
        at += 1
    return len(data)


class FrameFile:
    """A file of records that grows. Written by one thread; `duplicate` lets another one sync it."""

    def __init__(self, path: Path, tag: bytes) -> None:
        self.path = path
        self._handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o644)
        self.size = os.fstat(self._handle).st_size
        self._clean = True
        self.synced = self.size
        if not self.size:
            try:
                self.append([file_header(tag)])
            except DiskFullError:
                os.close(self._handle)
                raise

    def append(self, records: Sequence[bytes]) -> None:
        """Write records as one. Raises DiskFullError and leaves the file as it was."""
        data = memoryview(b"".join(records))
        if not self._clean:
            self._cut()
        self._clean = False
        written = 0
        try:
            while written < len(data):
                written += os.pwrite(self._handle, data[written:], self.size + written)
        except OSError as error:
            with suppress(OSError):
                self._cut()
            if error.errno in NO_ROOM:
                raise DiskFullError(
                    f"{self.path}: no room to write ({error.strerror}): samples are refused until there is"
                ) from error
            raise DiskError(f"{self.path}: can't write ({error.strerror}): check the disk") from error
        self.size += len(data)
        self._clean = True

    def duplicate(self) -> int:
        """A second handle, for a thread that syncs and closes it."""
        return os.dup(self._handle)

    def close(self) -> None:
        os.close(self._handle)

    def _cut(self) -> None:
        os.ftruncate(self._handle, self.size)
        self._clean = True
