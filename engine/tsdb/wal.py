"""The log of samples that no part holds yet.

Segments `NNNNNNNN.wal` of records (see `engine.tsdb.frames`):
- LAYOUT: a number, a source, the series of a page in its order. Numbers are never given twice in a segment, and a
  row names its layout, so losing one record loses the rows that need it and can't put values under wrong names.
- ROW: commit number, source, layout, instant, values: a whole scrape.
- SAMPLES: commit number, source, times, series, values: a commit of several instants.

Series are named by their store-wide numbers; what the numbers mean is in the series log, which is written first.
A commit is one record: it is replayed whole or not at all. Each segment can be read alone.

Behind its head each record is an array of words of 8 bytes. Where that makes it smaller, it is deflated, and the kind
bears a mark; a log may have records of both forms. Values are not told by their difference from the row before, which
would be smaller still: then one lost record would cost all that follow.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

import numpy as np

from engine.tsdb.codec import deflated, inflated
from engine.tsdb.commit import Commit
from engine.tsdb.frames import Frame, FrameFile, Gap, framed, read_frames
from promql.model.types import AnyArray, IntArray

LAYOUT: Final = 1
ROW: Final = 2
SAMPLES: Final = 3
DEFLATED: Final = 0x80
"""The mark."""
TAG: Final = b"wal\0"
_SHORT: Final = 128  # shorter records are not worth the trial
_LAYOUT: Final = struct.Struct("<II")
_ROW: Final = struct.Struct("<QIIq")
_SAMPLES: Final = struct.Struct("<QII")
_HEADS: Final = {LAYOUT: _LAYOUT, ROW: _ROW, SAMPLES: _SAMPLES}


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

    def close(self) -> None:
        """Nothing is open."""


class Wal:
    """Writes segments from `first` on; the next is begun when one has `segment_bytes`."""

    def __init__(self, folder: Path, first: int, segment_bytes: int, *, compress: bool) -> None:
        self.segment = first
        self._folder = folder
        self._limit = segment_bytes
        self._record = _deflated if compress else framed
        self._file: FrameFile | None = None
        self._rolled: list[int] = []
        self._layouts: dict[int, tuple[int, IntArray]] = {}
        self._next_layout = 0
        self._sizes = {number_of(path): path.stat().st_size for path in segments(folder)}

    def write(self, number: int, source: int, commit: Commit) -> None:
        if self._file is not None and self._file.size >= self._limit:
            self._roll()
        if self._file is None:
            self._file = FrameFile(self._folder / f"{self.segment:08}.wal", TAG)
        if isinstance(commit.times, int):
            self._write_row(self._file, number, source, commit.times, commit)
        else:
            refs = commit.layout.refs
            head = _SAMPLES.pack(number, source, len(refs))
            self._file.append([self._record(SAMPLES, head, commit.times, refs, commit.values)])
        self._sizes[self.segment] = self._file.size

    def _write_row(self, file: FrameFile, number: int, source: int, time: int, commit: Commit) -> None:
        records = []
        refs = commit.layout.refs
        layout, known = self._layouts.get(source, (-1, None))
        if refs is not known and (known is None or not np.array_equal(refs, known)):
            layout = self._next_layout
            records.append(self._record(LAYOUT, _LAYOUT.pack(layout, source), refs))
        records.append(self._record(ROW, _ROW.pack(number, source, layout, time), commit.values))
        file.append(records)
        if len(records) > 1:
            self._layouts[source] = (layout, refs)
            self._next_layout += 1

    def handles(self) -> list[int]:
        found, self._rolled = self._rolled, []
        if self._file is not None and self._file.synced < self._file.size:
            found.append(self._file.duplicate())
            self._file.synced = self._file.size
        return found

    def drop_before(self, segment: int) -> None:
        for number in [n for n in self._sizes if n < segment]:
            (self._folder / f"{number:08}.wal").unlink(missing_ok=True)
            del self._sizes[number]

    def size(self) -> int:
        return sum(self._sizes.values())

    def close(self) -> None:
        for handle in self.handles():
            os.fsync(handle)
            os.close(handle)
        if self._file is not None:
            self._file.close()
            self._file = None

    def _roll(self) -> None:
        assert self._file is not None
        self._rolled.append(self._file.duplicate())
        self._file.close()
        self._file = None
        self.segment += 1
        self._layouts = {}
        self._next_layout = 0


@dataclass(frozen=True, slots=True)
class Logged:
    """A commit as it was logged; `refs` is None where its layout was lost."""

    number: int
    source: int
    times: IntArray | int
    refs: IntArray | None
    values: np.ndarray[tuple[int], np.dtype[np.float64]]


def read_segment(path: Path) -> Iterator[Logged | Gap]:
    """The commits of a segment in their order, and the gaps."""
    layouts: dict[int, IntArray] = {}
    for frame in read_frames(path, TAG):
        if isinstance(frame, Gap):
            yield frame
            continue
        kind = frame.kind & ~DEFLATED
        head = _HEADS[kind]
        fields, words = head.unpack_from(frame.payload), _words(frame, head.size)
        if kind == LAYOUT:
            layouts[fields[0]] = words
        elif kind == ROW:
            number, source, layout, time = fields
            yield Logged(number, source, time, layouts.get(layout), words.view(np.float64))
        else:
            number, source, count = fields
            times, refs, values = words[:count], words[count : 2 * count], words[2 * count :]
            yield Logged(number, source, times, refs, values.view(np.float64))


def segments(folder: Path) -> list[Path]:
    """The segments of a folder, oldest first."""
    return sorted(folder.glob("*.wal"))


def number_of(segment: Path) -> int:
    return int(segment.stem)


def _deflated(kind: int, head: bytes, *arrays: AnyArray) -> bytes:
    """A record in the smaller form; of bytes alike in alike places, one plane for each of the eight."""
    if sum(array.nbytes for array in arrays) < _SHORT:
        return framed(kind, head, *arrays)
    words = np.concatenate([array.view(np.int64) for array in arrays])
    planes = np.ascontiguousarray(words.view(np.uint8).reshape(-1, 8).T)
    packed = deflated(planes.data)
    return framed(kind | DEFLATED, head, packed) if len(packed) < planes.nbytes else framed(kind, head, *arrays)


def _words(frame: Frame, start: int) -> IntArray:
    """What follows the head of a record."""
    body = frame.payload[start:]
    if not frame.kind & DEFLATED:
        return np.frombuffer(body, np.int64).copy()
    planes = np.frombuffer(inflated(body), np.uint8).reshape(8, -1)
    return np.ascontiguousarray(planes.T).view(np.int64).ravel()
