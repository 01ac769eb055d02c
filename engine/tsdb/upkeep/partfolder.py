"""Where files of parts are: the store's folder, or memory."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from msgspec import Struct

from engine.foundation.files import beside, sync_folder
from engine.tsdb.files.cache import ArrayCache
from engine.tsdb.files.partfile import PartFile
from engine.tsdb.state import State


class NewFile(Struct, frozen=True):
    """A file to be written; once that is done it can be opened for reading."""

    file: BinaryIO
    number: int
    path: Path | None
    cache: ArrayCache

    def opened(self) -> PartFile:
        if self.path is not None:
            return PartFile.open(self.path, self.cache)
        assert isinstance(self.file, io.BytesIO)
        return PartFile("memory", self.number, self.file.getvalue(), self.cache)


class PartFolder:
    """Makes and removes files of parts. Numbers rise and are never given again."""

    def __init__(self, state: State, folder: Path | None, cache: ArrayCache) -> None:
        self._state = state
        self._folder = folder
        self._cache = cache

    @contextmanager
    def new(self) -> Iterator[NewFile]:
        """A file that is there, synced, once the block has ended well. Raises OSError."""
        number = self._state.next_file
        self._state.next_file += 1
        if self._folder is None:
            yield NewFile(io.BytesIO(), number, None, self._cache)
            return
        path = self._folder / "parts" / f"{number:08}.part"
        with beside(path) as file:
            yield NewFile(file, number, path, self._cache)

    def sync(self) -> None:
        """Make the removal of files survive a power cut. Raises OSError."""
        if self._folder is not None:
            sync_folder(self._folder / "parts")

    def remove(self, file: PartFile) -> None:
        """Forget a file; queries that still read it go on reading."""
        if self._folder is not None:
            Path(file.name).unlink(missing_ok=True)
