"""Records that survive `kill -9`: one JSON object a line, appended and synced, compacted now and then.

Laws: the first line names the format and its version. A record counts once `append` returned. A last line that is
torn (the process died in the middle of it) is cut off and reported; damage anywhere else is a StoreError, because a
silence that vanished or a notification that repeats must not go unnoticed. Where the disk is full, `append` raises
and leaves the file as it was, so that later records find a whole file.
"""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Callable
from pathlib import Path
from typing import Final, Generic, TypeVar

import msgspec

from engine.foundation.errors import EngineError, StoreError
from engine.foundation.files import beside
from engine.foundation.workers import Workers

T = TypeVar("T")
VERSION: Final = 1
COMPACT_FACTOR: Final = 4  # a file is rewritten when it holds this many times more lines than are alive...
COMPACT_LINES: Final = 1000  # ...and at least this many

log = logging.getLogger(__name__)


class LogWriteError(EngineError):
    """The record could not be made durable: the disk is full, or the file is out of reach. Trying again may help."""


class _Header(msgspec.Struct, forbid_unknown_fields=True):
    format: str
    version: int


class LineLog(Generic[T]):
    """An append-only file of records of one type. Open it with `read`, then `append`."""

    def __init__(self, path: Path, kind: str, record: type[T], workers: Workers) -> None:
        self._path = path
        self._kind = kind
        self._decoder = msgspec.json.Decoder(record)
        self._workers = workers
        self._writing = asyncio.Lock()
        self._lines = 0

    def read(self) -> list[T]:
        """All records, oldest first; a torn tail is cut off. Raises StoreError."""
        try:
            data = self._path.read_bytes()
        except FileNotFoundError:
            return self._begin()
        except OSError as error:
            raise StoreError(f"{self._path}: can't be read: {error.strerror}") from None
        whole = data.rfind(b"\n") + 1
        if whole < len(data):
            log.warning("%s: cut off %d bytes of a record that was never finished", self._path, len(data) - whole)
            os.truncate(self._path, whole)
        lines = data[:whole].split(b"\n")[:-1]
        self._check_header(lines[0] if lines else b"")
        self._lines = len(lines) - 1
        return [self._decode(line, number) for number, line in enumerate(lines[1:], 2)]

    def _begin(self) -> list[T]:
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StoreError(f"{self._path.parent}: can't be made: {error.strerror}") from None
        self._rewrite([])
        return []

    async def append(self, record: T) -> None:
        """Write and sync. Raises LogWriteError, and the file is as before."""
        async with self._writing:
            await self._workers.run(self._append, msgspec.json.encode(record) + b"\n")
            self._lines += 1

    async def compact(self, alive: Callable[[], list[T]]) -> None:
        """Rewrite the file with the records that are alive, if that is worth it. Raises LogWriteError.

        They are asked for only when no append is under way, so none is lost.
        """
        async with self._writing:
            records = alive()
            if self._lines >= max(COMPACT_LINES, COMPACT_FACTOR * len(records)):
                await self._workers.run(self._rewrite, records)

    @property
    def size(self) -> int:
        """Of the file, in bytes."""
        try:
            return self._path.stat().st_size
        except OSError:
            return 0

    def _append(self, line: bytes) -> None:
        try:
            with self._path.open("ab") as file:
                before = file.tell()
                try:
                    file.write(line)
                    file.flush()
                    os.fsync(file.fileno())
                except OSError:
                    os.truncate(self._path, before)
                    raise
        except OSError as error:
            raise LogWriteError(f"{self._path}: can't write: {error.strerror}") from error

    def _rewrite(self, records: list[T]) -> None:
        try:
            with beside(self._path) as file:
                file.write(msgspec.json.encode(_Header(self._kind, VERSION)) + b"\n")
                file.writelines(msgspec.json.encode(record) + b"\n" for record in records)
        except OSError as error:
            raise LogWriteError(f"{self._path}: can't write: {error.strerror}") from error
        self._lines = len(records)

    def _check_header(self, line: bytes) -> None:
        try:
            header = msgspec.json.decode(line, type=_Header)
        except msgspec.MsgspecError as error:
            raise self._damage(1, f"not a file of {self._kind}: {error}") from None
        if (header.format, header.version) != (self._kind, VERSION):
            found, wanted = f"{header.format} of version {header.version}", f"{self._kind} of version {VERSION}"
            raise self._damage(1, f"holds {found}, wanted {wanted}")

    def _decode(self, line: bytes, number: int) -> T:
        try:
            return self._decoder.decode(line)
        except msgspec.MsgspecError as error:
            raise self._damage(number, f"damaged record: {error}") from None

    def _damage(self, line: int, what: str) -> StoreError:
        return StoreError(f"{self._path}:{line}: {what}; move the file away to begin anew")
