"""The files of blobs of a store: in a folder, or in memory alone.

Law: `segments` are in order of arrival, in one tuple that is replaced whole.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import BinaryIO

from engine.foundation.errors import DamagedError, DiskError, DiskFullError
from engine.foundation.files import NO_ROOM, beside, sync_folder
from engine.logs.store.log import numbered
from engine.logs.store.segment import Segment

SUFFIX = ".lines"


class Files:
    """`damages` are the files that can't be read; they stay where they are."""

    def __init__(self, folder: Path | None) -> None:
        self.folder = folder
        self.damages: list[str] = []
        self.segments: tuple[Segment, ...] = self._opened()
        self._next = 1 + max((int(path.stem) for path in self._paths()), default=0)

    @property
    def size(self) -> int:
        return sum(segment.size for segment in self.segments)

    def made(self, write: Callable[[BinaryIO], None]) -> Segment:
        """A new file, which is not among `segments` yet. Raises DiskFullError, DiskError, and leaves nothing then."""
        number, self._next = self._next, self._next + 1
        if self.folder is None:
            buffer = io.BytesIO()
            write(buffer)
            return Segment.in_memory(number, buffer.getvalue())
        path = self.folder / f"{number:08}{SUFFIX}"
        try:
            with beside(path) as file:
                write(file)
        except OSError as error:
            if error.errno in NO_ROOM:
                raise DiskFullError(f"{path}: no room to write ({error.strerror}): lines stay in the log") from error
            raise DiskError(f"{path}: can't write ({error.strerror}): check the disk") from error
        return Segment.open(path)

    def exchange(self, gone: Sequence[Segment], new: Sequence[Segment]) -> None:
        """Put new files in the place of others, which readers may go on reading."""
        left = [segment for segment in self.segments if segment not in gone]
        self.segments = tuple(sorted([*left, *new], key=lambda segment: (segment.order, segment.number)))

    def unlink(self, gone: Iterable[Segment]) -> None:
        for segment in gone:
            if segment.path is not None:
                segment.path.unlink(missing_ok=True)
        if self.folder is not None:
            sync_folder(self.folder)

    def next_order(self) -> int:
        """For a file that comes after all others."""
        return self._next

    def _paths(self) -> list[Path]:
        return [] if self.folder is None else numbered(self.folder, SUFFIX)

    def _opened(self) -> tuple[Segment, ...]:
        found: list[Segment] = []
        for path in self._paths():
            try:
                found.append(Segment.open(path))
            except DamagedError as error:
                self.damages.append(str(error))
        replaced = {number for segment in found for number in segment.replaces}
        for segment in found:
            if segment.number in replaced and segment.path is not None:
                segment.path.unlink()  # the process ended between writing the file that replaces it and this
        left = [segment for segment in found if segment.number not in replaced]
        return tuple(sorted(left, key=lambda segment: (segment.order, segment.number)))
