"""Packed files that a pattern names: read once, from where reading had stopped.

A packed file is mostly what a rotated one has become: where its beginning is that of a file that is known, it is read
from where that one was left.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

from msgspec import Struct, field

from engine.promtail.errors import SourceError
from engine.promtail.tail.marks import HEAD_BYTES, Mark, Position
from engine.promtail.tail.names import is_rotated
from engine.promtail.tail.packed import unpacked
from engine.promtail.tail.splitting import LineSplitter
from engine.promtail.tail.target import FileTarget


class PackedFile(Struct):
    """One of them, as it was when it was met."""

    path: str
    form: str
    dev: int
    ino: int
    size: int
    serial: int
    read_at: int = 0
    head: bytes = b""
    done: bool = False
    splitter: LineSplitter = field(default_factory=LineSplitter)

    @property
    def at(self) -> str:
        return self.path

    def read(self) -> Iterator[tuple[list[bytes], list[int]]]:
        """All lines from where it was left, the last one also without an end. Raises SourceError."""
        self.done = True  # also where it can't be unpacked: that is tried again when there is more of it
        for piece in unpacked(self.path, self.form, self.read_at):
            self.read_at += len(piece)
            yield self.splitter.feed(piece)
        line, start = self.splitter.finish() if self.splitter.unfinished else (b"", -1)
        yield ([line], [start]) if start >= 0 else ([], [])

    def begin_at(self, offset: int) -> None:
        self.read_at = offset
        self.splitter = LineSplitter(offset)

    def track(self, starts: object, held: object) -> None:
        """What stages hold of it when this process is killed is lost."""

    def position(self) -> Position:
        return Position(
            path=self.path, dev=self.dev, ino=self.ino, offset=self.splitter.start, head=Mark(self.size, "packed")
        )


class PackedFiles:
    """Those of one target; each is read `delay` seconds after it was met, so that it can become whole."""

    def __init__(self, target: FileTarget, delay: float) -> None:
        self._target = target
        self._delay = delay
        self._known: dict[str, tuple[float, PackedFile]] = {}

    def files(self, now: float) -> Iterator[PackedFile]:
        """Those that are to be read now."""
        for path, form in self._target.packed.items():
            file = self._met(path, form, now)
            if file is not None and not file.done:
                yield file

    def close(self) -> None:
        self._known.clear()

    def _met(self, path: str, form: str, now: float) -> PackedFile | None:
        try:
            info = os.stat(path)
        except OSError:
            self._known.pop(path, None)
            return None
        since, file = self._known.get(path, (now, None))
        if file is None or (file.ino, file.size) != (info.st_ino, info.st_size):
            before, since = file, now
            file = PackedFile(path, form, info.st_dev, info.st_ino, info.st_size, self._target.next_turn())
            self._known[path] = since, file
            grown = before is not None and before.ino == file.ino
            file.begin_at(before.splitter.start if before is not None and grown else self._begin(file))
        return file if now - since >= self._delay else None

    def _begin(self, file: PackedFile) -> int:
        """Where it was left, or the file of which it was made."""
        left = self._target.book.packed(file.dev, file.ino)
        if left is not None:
            return left.offset
        try:
            head = next(unpacked(file.path, file.form), b"")[:HEAD_BYTES]
        except SourceError:
            return 0
        name = file.path.rpartition(".")[0]
        for known in self._target.read_before():
            same_name = name == known.path or is_rotated(name, known.path)
            if same_name and known.head.size and Mark.of(head[: known.head.size]) == known.head:
                return known.offset
        return 0
