"""What was deleted, and the file `tombstones` that remembers it until the samples are out of the files of parts.

A deletion takes a commit number like a commit: it holds for the samples of commits before it. A source is sealed and
stored before a deletion of its samples is written down, so no part has samples from both sides of it, and whether a
deletion holds for a part is told by the part's last commit.

The file is one of records (see `engine.foundation.frames`), synced before what it says is relied on:
- DELETION: commit number, start, end, how many series, and the differences of their numbers, deflated.
- FLOORS: sources by number, and up to which commit each is stored. Replay passes over what parts hold by their last
  commit; where parts are dropped or cleaned away, that has to be remembered for as long as the log has the commits.
"""

from __future__ import annotations

import os
import struct
import zlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

import numpy as np
from msgspec import Struct

from engine.foundation.files import beside, sync_folder
from engine.foundation.frames import Form, FrameFile, Gap, file_header, framed, read_frames
from promql.model.types import BoolArray, IntArray

FORM: Final = Form(b"tomb", 1)
DELETION: Final = 1
FLOORS: Final = 2
_HEAD: Final = struct.Struct("<qqqI")


class Deletion(Struct, frozen=True, eq=False):
    """The samples with start <= t <= end of the series `refs: int64[R]` ascending, in commits below `number`."""

    number: int
    start: int
    end: int
    refs: IntArray

    def takes_from(self, refs: IntArray) -> BoolArray:
        """Which of these series it is about: bool[N]."""
        at = self.refs.searchsorted(refs)
        at[at == len(self.refs)] = 0
        out: BoolArray = self.refs[at] == refs
        return out


class Tombstones:
    """The deletions in force, and their file; without a path they are kept in memory alone.

    `floors` says of sources, by number, up to which commit they were stored when the parts that told so went.
    `floors_since` is the newest segment of the log at that time: once the log begins after it, they are not needed.
    """

    def __init__(
        self, path: Path | None = None, deletions: Sequence[Deletion] = (), floors: Mapping[int, int] | None = None
    ) -> None:
        self.deletions = tuple(deletions)
        self.floors = dict(floors or {})
        self.floors_since = 0
        self._path = path

    def add(self, deletion: Deletion) -> None:
        """Write a deletion down and sync it. Raises DiskFullError and leaves nothing behind."""
        self._append(_deletion(deletion))
        self.deletions = (*self.deletions, deletion)

    def add_floors(self, floors: Mapping[int, int], segment: int) -> None:
        """Write down up to where sources were stored; `segment` of the log is the newest. Raises DiskFullError."""
        self._append(_floors(floors))
        self.floors |= floors
        self.floors_since = segment

    def keep(self, deletions: Sequence[Deletion], floors: Mapping[int, int]) -> None:
        """Forget all but these."""
        if self._path is not None:
            records = [*map(_deletion, deletions), *([_floors(floors)] if floors else [])]
            _write(self._path, records)
        self.deletions, self.floors = tuple(deletions), dict(floors)

    def size(self) -> int:
        """Bytes on disk."""
        return self._path.stat().st_size if self._path is not None and (self.deletions or self.floors) else 0

    def _append(self, record: bytes) -> None:
        if self._path is None:
            return
        new = not self._path.exists()
        file = FrameFile(self._path, FORM)
        try:
            file.append([record])
            handle = file.duplicate()
            try:
                os.fsync(handle)
            finally:
                os.close(handle)
        finally:
            file.close()
        if new:
            sync_folder(self._path.parent)


def read_tombstones(path: Path) -> Iterator[Deletion | dict[int, int] | Gap]:
    """The deletions in their order, floors, and what can't be read. Raises FormatError."""
    for frame in read_frames(path, FORM) if path.exists() else ():
        if isinstance(frame, Gap):
            yield frame
        elif frame.kind == FLOORS:
            sources, through = np.frombuffer(frame.payload, np.int64).reshape(-1, 2).T.tolist()
            yield dict(zip(sources, through, strict=True))
        else:
            number, start, end, count = _HEAD.unpack_from(frame.payload)
            steps = np.frombuffer(zlib.decompress(frame.payload[_HEAD.size :]), np.int64, count)
            yield Deletion(number, start, end, np.cumsum(steps))


def _write(path: Path, records: Sequence[bytes]) -> None:
    if not records:
        path.unlink(missing_ok=True)
        sync_folder(path.parent)
        return
    with beside(path) as file:
        file.write(file_header(FORM))
        file.writelines(records)


def _deletion(deletion: Deletion) -> bytes:
    head = _HEAD.pack(deletion.number, deletion.start, deletion.end, len(deletion.refs))
    return framed(DELETION, head, zlib.compress(np.diff(deletion.refs, prepend=0).tobytes(), 1))


def _floors(floors: Mapping[int, int]) -> bytes:
    return framed(FLOORS, np.array(list(floors.items()), np.int64).tobytes())
