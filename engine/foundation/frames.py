"""Append-only files of records, each with its length and a checksum.

A file begins with a header: magic, format version, that again with all bits turned (to tell another version from
damage), kind of file. A record is `magic kind length crc payload`; the checksum covers kind, length and payload. Laws:
- A record is written in one go; if that fails, the file is cut back to where it was, so a failed write leaves
  nothing behind.
- Reading goes from record to record; where one can't be read, the next one that can is looked for by its magic,
  and the gap is reported. A gap that reaches to the end is a torn tail.
- A file is read by the block, so that opening a large one takes little memory.
- The versions of a kind of file are counted from 1. Older ones are read, a newer one is refused.
"""

from __future__ import annotations

import mmap
import os
import struct
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Final, NamedTuple

from isal import isal_zlib
from msgspec import Struct
from numpy.typing import NDArray

from engine.foundation.errors import DamagedError, DiskError, DiskFullError, FormatError, StoreError
from engine.foundation.files import NO_ROOM

_FILE_MAGIC: Final = b"\x93engine\n"
_FILE: Final = struct.Struct("<8sHH4s")
HEADER_SIZE: Final = _FILE.size
_MAGIC: Final = b"\xe7\xa1rc"
_FRAME: Final = struct.Struct("<4sIII")
_SUMMED: Final = struct.Struct("<II")
_BLOCK: Final = 1 << 20

Piece = bytes | NDArray[Any]
Buffer = bytes | memoryview | mmap.mmap


class Form(Struct, frozen=True):
    """A kind of file: its tag (4 bytes), and the version that is written."""

    tag: bytes
    version: int


class Frame(NamedTuple):
    """One record."""

    kind: int
    payload: memoryview
    end: int

    @property
    def start(self) -> int:
        return self.end - len(self.payload) - _FRAME.size


class Gap(Struct, frozen=True):
    """Bytes that are no record: `start` up to `end`; `torn` when nothing readable follows."""

    start: int
    end: int
    torn: bool


def file_header(form: Form) -> bytes:
    """What a file of records begins with."""
    return _FILE.pack(_FILE_MAGIC, form.version, form.version ^ 0xFFFF, form.tag)


def framed(kind: int, *pieces: Piece) -> bytes:
    """A record, ready to be written."""
    payload = b"".join(piece if isinstance(piece, bytes) else piece.data for piece in pieces)
    crc = _checksum(_SUMMED.pack(kind, len(payload)), payload)
    return _FRAME.pack(_MAGIC, kind, len(payload), crc) + payload


def read_frames(path: Path, form: Form) -> Iterator[Frame | Gap]:
    """The records of a file and the gaps between them. Raises FormatError for a newer version."""
    with path.open("rb", buffering=0) as file:
        window = _Window(file.fileno())
        header = window.at(0, _FILE.size)
        if header is None:
            if window.size:
                yield Gap(0, window.size, torn=True)
            return
        if not has_header(header, form, str(path)):
            yield Gap(0, _FILE.size, torn=False)
        yield from _frames(window)


def has_header(data: Buffer, form: Form, name: str) -> bool:
    """Whether this is a file of that kind. Raises FormatError for a newer version."""
    magic, version, turned, tag = _FILE.unpack_from(data)
    if (magic, turned ^ 0xFFFF, tag) != (_FILE_MAGIC, version, form.tag):
        return False
    if version > form.version:
        raise FormatError(
            f"{name}: format version {version}, but this release reads up to {form.version}: use a newer release"
        )
    return True


def payload_at(data: Buffer, at: int) -> memoryview:
    """What the record there holds. Raises DamagedError where none can be read."""
    view = memoryview(data)
    if not 0 <= at <= len(view) - _FRAME.size:
        raise DamagedError(f"there is no record at {at}")
    magic, _, length, crc = _FRAME.unpack_from(view, at)
    body = at + _FRAME.size
    payload = view[body : body + length]
    if magic != _MAGIC or len(payload) != length or _checksum(view[at + 4 : body - 4], payload) != crc:
        raise DamagedError(f"the record at {at} has another checksum than when it was written")
    return payload


class _Window:
    """The block of a file that is being read."""

    def __init__(self, handle: int) -> None:
        self.size = os.fstat(handle).st_size
        self._handle = handle
        self._data = b""
        self._start = 0

    def at(self, place: int, length: int) -> memoryview | None:
        """So many bytes from there; None where the file has not so many."""
        if place + length > self.size:
            return None
        if not self._start <= place <= place + length <= self._start + len(self._data):
            self._data, self._start = os.pread(self._handle, max(length, _BLOCK), place), place
        found = memoryview(self._data)[place - self._start : place - self._start + length]
        return found if len(found) == length else None

    def frames(self, place: int) -> Iterator[Frame]:
        """The records from there on, as long as they are whole in this block."""
        data, start = self._data, self._start
        view, at = memoryview(data), place - start
        while 0 <= at <= len(data) - _FRAME.size:
            magic, kind, length, crc = _FRAME.unpack_from(data, at)
            body = at + _FRAME.size
            payload = view[body : body + length]
            if magic != _MAGIC or len(payload) != length or _checksum(view[at + 4 : body - 4], payload) != crc:
                return
            at = body + length
            yield Frame(kind, payload, start + at)

    def find(self, wanted: bytes, place: int) -> int:
        """Where these bytes are found next, from there on; -1 where they are not."""
        while place + len(wanted) <= self.size:
            if self.at(place, len(wanted)) is None:
                break
            found = self._data.find(wanted, place - self._start)
            if found >= 0:
                return self._start + found
            place = self._start + len(self._data) - len(wanted) + 1
        return -1


def _frames(window: _Window) -> Iterator[Frame | Gap]:
    at = _FILE.size
    while at < window.size:
        for frame in window.frames(at):
            yield frame
            at = frame.end
        if at < window.size and _frame_at(window, at) is None:
            start, at = at, _next_readable(window, at + 1)
            yield Gap(start, at, torn=at == window.size)


def _frame_at(window: _Window, at: int) -> Frame | None:
    """The record there; the window holds all of it then."""
    head = window.at(at, _FRAME.size)
    if head is None:
        return None
    magic, _, length, _ = _FRAME.unpack(head)
    if magic != _MAGIC or window.at(at, _FRAME.size + length) is None:
        return None
    return next(window.frames(at), None)


def _next_readable(window: _Window, at: int) -> int:
    while (at := window.find(_MAGIC, at)) >= 0:
        if _frame_at(window, at) is not None:
            return at
        at += 1
    return window.size


def _checksum(head: bytes | memoryview, payload: bytes | memoryview) -> int:
    """Of kind and length, and what follows."""
    summed: int = isal_zlib.crc32(payload, isal_zlib.crc32(head))
    return summed


class FrameFile:
    """A file of records that grows. Written by one thread; `duplicate` lets another one sync it."""

    def __init__(self, path: Path, form: Form) -> None:
        self.path = path
        self._handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o644)
        self.size = os.fstat(self._handle).st_size
        self._clean = True
        self.synced = self.size
        if not self.size:
            try:
                self.append([file_header(form)])
            except StoreError:
                os.close(self._handle)
                raise

    def append(self, records: Sequence[bytes]) -> None:
        """Write records as one. Raises DiskFullError or DiskError, and leaves the file as it was."""
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
                    f"{self.path}: no room to write ({error.strerror}): nothing more is taken until there is"
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
