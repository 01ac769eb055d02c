"""The log of samples that no part holds yet; its form is in `walformat`, reading it in `replay`.

Laws:
- Series are named by their store-wide numbers; what the numbers mean is in the series log, which is written first.
- A commit is one record, written in one go: it is replayed whole or not at all. Each segment can be read alone.
- A row names only what changed since the source's row before. A source's first row in a segment and every 32nd after
  it are told in full, so that a lost record costs its source the rows up to there; a row names the row that it
  rests on, so that it is never put upon another one.

The row before is the very array that the source shows as its newest instant, so remembering it costs no memory.

Discipline: one thread writes; what maintenance asks for in another one (`handles`, `drop_before`, `size`) is kept
apart from the change of segments by a lock.
"""

from __future__ import annotations

import os
import threading
from pathlib import Path
from typing import Final, Protocol

import numpy as np

from engine.foundation.frames import FrameFile, framed
from engine.names.numbers import NEVER
from engine.tsdb.codec.deflate import deflated
from engine.tsdb.commit import Commit
from engine.tsdb.log.walformat import (
    CHANGES,
    CHANGES_HEAD,
    COMMIT,
    COMMIT_HEAD,
    DEFLATED,
    FORM,
    PAGE,
    PAGE_HEAD,
    number_of,
    path_of,
    segments,
)
from engine.tsdb.log.words import packed, turns
from engine.tsdb.options import StoreOptions
from promql.model.types import FloatArray, IntArray

FULL_EVERY: Final = 32
_LONG: Final = 4096  # bytes; below that deflating saves a few and doubles the time
_FAR: Final = 1 << 32


class Log(Protocol):
    """Where commits are written before they are applied."""

    segment: int

    def write(self, number: int, source: int, commit: Commit) -> None:
        """Log a commit. Raises DiskFullError and leaves nothing behind."""

    def handles(self) -> list[int]:
        """Handles of the files with unsynced records, for the caller to sync and close."""

    def drop_before(self, segment: int) -> None:
        """Delete the segments below this one."""

    def size(self) -> int:
        """Bytes on disk."""

    def oldest_within(self, size: int) -> int:
        """The first of the newest segments that have no more bytes than that; the one that is written, at least."""

    def close(self) -> None:
        """Close the files; sync them first."""


class NoLog:
    """The log of a store that keeps nothing."""

    def __init__(self) -> None:
        self.segment = 0

    def write(self, number: int, source: int, commit: Commit) -> None:
        """Nothing is kept."""

    def handles(self) -> list[int]:
        return []

    def drop_before(self, segment: int) -> None:
        """There is none."""

    def size(self) -> int:
        return 0

    def oldest_within(self, size: int) -> int:
        return self.segment

    def close(self) -> None:
        """Nothing is open."""


class _Page:
    """A page that a source has in this segment, and the row of it that was logged last."""

    __slots__ = ("number", "refs", "row", "row_commit", "since_full")

    def __init__(self, number: int, refs: IntArray) -> None:
        self.number = number
        self.refs = refs
        self.row: FloatArray | None = None
        self.row_commit = 0
        self.since_full = 0

    def is_of(self, refs: IntArray) -> bool:
        return refs is self.refs or np.array_equal(refs, self.refs)

    def back(self, commit: int) -> int:
        """The distance to the row that the next one may rest on; 0 where it has to be told in full."""
        distance = commit - self.row_commit
        return distance if self.row is not None and self.since_full + 1 < FULL_EVERY and distance < _FAR else 0

    def note(self, commit: int, row: FloatArray, back: int) -> None:
        self.row, self.row_commit = row, commit
        self.since_full = self.since_full + 1 if back else 0


class Wal:
    """Writes segments from `first` on; the next is begun when one is full.

    Also when it spans half an hour of samples: what a small fleet logs would fill a segment in days, and all of it
    would be read at each start, though parts hold all but the end.
    """

    def __init__(self, folder: Path, first: int, options: StoreOptions) -> None:
        self.segment = first
        self._folder = folder
        self._options = options
        self._begun = NEVER
        self._lock = threading.Lock()
        self._file: FrameFile | None = None
        self._rolled: list[int] = []
        self._pages: dict[int, _Page] = {}
        self._next_page = 0
        self._closed = {number_of(path): path.stat().st_size for path in segments(folder)}

    def write(self, number: int, source: int, commit: Commit) -> None:
        file = self._open(commit.end)
        if isinstance(commit.times, int):
            self._write_row(file, number, source, commit.times, commit)
        else:
            refs = commit.layout.refs
            words = np.concatenate([turns(commit.times), turns(refs), commit.values.view(np.uint64)])
            count, body = packed(words)
            file.append([self._record(COMMIT, COMMIT_HEAD.pack(number, source, len(refs), count), body)])

    def _write_row(self, file: FrameFile, number: int, source: int, time: int, commit: Commit) -> None:
        refs, row = commit.layout.refs, commit.values
        page = self._pages.get(source)
        if page is None or not page.is_of(refs):
            page = _Page(self._next_page, refs)
        back = page.back(number)
        words = row.view(np.uint64)
        if page.row is not None and back:
            words = words ^ page.row.view(np.uint64)
        count, body = packed(words)
        records = [self._record(CHANGES, CHANGES_HEAD.pack(number, time, page.number, back, count), body)]
        if not back:
            count, body = packed(turns(refs))
            records.insert(0, self._record(PAGE, PAGE_HEAD.pack(page.number, source, len(refs), count), body))
        file.append(records)
        page.note(number, row, back)
        self._pages[source] = page
        self._next_page = max(self._next_page, page.number + 1)

    def handles(self) -> list[int]:
        with self._lock:
            found, self._rolled = self._rolled, []
            if self._file is not None and self._file.synced < self._file.size:
                self._file.synced = self._file.size
                found.append(self._file.duplicate())
            return found

    def drop_before(self, segment: int) -> None:
        with self._lock:
            gone = [number for number in self._closed if number < segment]
            for number in gone:
                path_of(self._folder, number).unlink(missing_ok=True)
                del self._closed[number]

    def oldest_within(self, size: int) -> int:
        with self._lock:
            left, found = size - (0 if self._file is None else self._file.size), self.segment
            for number in sorted(self._closed, reverse=True):
                left -= self._closed[number]
                if left < 0:
                    break
                found = number
            return found

    def size(self) -> int:
        with self._lock:
            return sum(self._closed.values()) + (0 if self._file is None else self._file.size)

    def close(self) -> None:
        for handle in self.handles():
            os.fsync(handle)
            os.close(handle)
        if self._file is not None:
            self._file.close()
            self._file = None

    def _record(self, kind: int, head: bytes, body: bytes) -> bytes:
        if self._options.log_compression and len(body) >= _LONG:
            shorter = deflated(body)
            if len(shorter) < len(body):
                return framed(kind | DEFLATED, head, shorter)
        return framed(kind, head, body)

    def _open(self, time: int) -> FrameFile:
        """The file to write to; the next one where it is full or `time` is too far from its beginning."""
        file, options = self._file, self._options
        if file is not None and (file.size >= options.segment_bytes or time - self._begun >= options.segment_ms):
            self._roll(file)
            file = None
        if file is None:
            file = self._file = FrameFile(path_of(self._folder, self.segment), FORM)
            self._begun = time
        return file

    def _roll(self, file: FrameFile) -> None:
        with self._lock:
            self._rolled.append(file.duplicate())
            self._closed[self.segment] = file.size
            self._file = None
            self.segment += 1
        file.close()
        self._pages = {}
        self._next_page = 0
