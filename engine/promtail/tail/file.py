"""One open file: what has been read of it, and whether it is still the file that was read."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterable
from typing import Final

from msgspec import Struct

from engine.promtail.tail.marks import HEAD_BYTES, TAIL_BYTES, Mark, Position
from engine.promtail.tail.splitting import LONGEST, LineSplitter

CHUNK: Final = 256 * 1024
_LOCKSTEP: Final = 3


class Replaced(Exception):  # noqa: N818 - no error: what every rotation by copying does
    """The content that was read is no longer there."""


class Options(Struct, frozen=True):
    """How files of a job are read."""

    encoding: str = ""
    packed: str = ""
    """How all of them are packed; where nothing is said the ending of a name tells."""
    longest: int = LONGEST


class Copy(Struct, frozen=True):
    """A file of this size was found to be a copy of `original`, as that was in its `generation`.

    A copy grows until it is as long as its original, and no more: `grown` counts how often it did all the same.
    """

    original: TailedFile
    generation: int
    size: int
    whole: bool
    grown: int = 0

    @property
    def is_none(self) -> bool:
        """They only happen to say the same."""
        return self.grown >= _LOCKSTEP

    def seen(self, size: int) -> Copy:
        """At another size, which is still that of a copy."""
        whole = self.whole or size >= self.original.size()
        return Copy(self.original, self.generation, size, whole, self.grown + self.whole)

    def still_holds(self, size: int) -> bool:
        """Nothing has changed on either side."""
        return size == self.size and self.original.generation == self.generation and not self.original.closed


class Heirloom(Struct, frozen=True):
    """What goes with a content to the file that holds it now: its serial, and the lines of it that stages hold."""

    serial: int
    open: tuple[int, ...]
    held: frozenset[int]


class TailedFile:
    """`path` is the name under which it was found first, by which its lines are known; `at` is where it is now.

    `quiet_since` is the monotonic time of its last byte, `read_at` how far it was read, unfinished line and all.
    `generation` counts the contents that it has had; files are read in order of their `turn`, and each content has its
    own `serial`. `looked` is what a look at its name has just told (size, time), None where there was none. While it is
    a `copy` of a file that is being read, nothing is read here.
    """

    def __init__(self, path: str, handle: int, options: Options, now: float) -> None:
        stat = os.fstat(handle)
        self.path = self.at = path
        self.handle = handle
        self.dev, self.ino = stat.st_dev, stat.st_ino
        self.quiet_since = now
        self.copy: Copy | None = None
        self.closed = False
        self.generation = 0
        self.turn = self.serial = 0
        self.looked: tuple[int, int] | None = None
        self.written_at = 0
        self.lines = 0
        self.read_at = 0
        self._options = options
        self._splitter = self._fresh(0)
        self._head = b""
        self._tail = b""
        self._open: deque[int] = deque()
        self._held: frozenset[int] = frozenset()
        self._skipped: frozenset[int] = frozenset()

    def resume(self, position: Position) -> None:
        """Go on where this position says, which must fit."""
        self._splitter = self._fresh(position.offset)
        self.read_at = position.offset
        self._head = os.pread(self.handle, min(HEAD_BYTES, position.offset), 0)
        size = min(TAIL_BYTES, position.offset)
        self._tail = os.pread(self.handle, size, position.offset - size)
        self._skipped = frozenset(position.done)

    @property
    def heirloom(self) -> Heirloom:
        return Heirloom(self.serial, tuple(self._open), self._held)

    def inherit(self, heirloom: Heirloom) -> None:
        """Hold the content of another file from now on."""
        self.serial = heirloom.serial
        self._open.extend(heirloom.open)
        self._held = heirloom.held

    def begin_anew(self, turn: int) -> None:
        """The name and the inode stayed, and the content is another one, whose turn comes later."""
        self.generation += 1
        self.serial = self.turn = turn
        self.read_at = 0
        self._splitter = self._fresh(0)
        self._head = self._tail = b""
        self._open.clear()
        self._held = self._skipped = frozenset()

    def size(self) -> int:
        return os.fstat(self.handle).st_size

    def read(self, now: float) -> tuple[list[bytes], list[int]]:
        """Lines that have ended since, and where each begins. Raises Replaced, OSError."""
        tail = self._tail
        data = os.pread(self.handle, len(tail) + CHUNK, self.read_at - len(tail))
        if not data.startswith(tail):
            raise Replaced
        fresh = data[len(tail) :] if tail else data
        if not fresh:
            return [], []
        self.quiet_since = now
        if len(self._head) < HEAD_BYTES:
            self._head += fresh[: HEAD_BYTES - len(self._head)]
        self._tail = data[-TAIL_BYTES:]
        self.read_at += len(fresh)
        return self._new(*self._splitter.feed(fresh))

    def check(self) -> None:
        """Raises Replaced where what was read is no longer there, though the size is what it was."""
        tail = self._tail
        if os.pread(self.handle, len(tail), self.read_at - len(tail)) != tail:
            raise Replaced

    def finish(self) -> tuple[list[bytes], list[int]]:
        """The last line, which has no end and seems to get none."""
        if not self._splitter.unfinished:
            return [], []
        line, start = self._splitter.finish()
        return self._new([line], [start])

    @property
    def waits(self) -> bool:
        """Whether stages hold lines of it."""
        return bool(self._open)

    @property
    def cut(self) -> int:
        return self._splitter.cut

    @property
    def line_start(self) -> int:
        """Where the line begins that has not ended yet."""
        return self._splitter.start

    def track(self, starts: Iterable[int], held: Iterable[int]) -> None:
        """These lines were handed on, and of all of them stages still hold those."""
        self._open.extend(starts)
        self._held = frozenset(held)
        while self._open and self._open[0] not in self._held:
            self._open.popleft()

    def position(self, *, settled: bool = False) -> Position:
        """From where nothing is lost and nothing is repeated; `settled` as if stages held nothing."""
        offset = self._open[0] if self._open and not settled else self._splitter.start
        head = self._head[: min(HEAD_BYTES, offset)]
        done = () if settled else tuple(start for start in self._open if start not in self._held)
        return Position(
            path=self.path, dev=self.dev, ino=self.ino, offset=offset,
            head=Mark.of(head), tail=self._tail_before(offset), done=done,
        )  # fmt: skip

    @property
    def is_deleted(self) -> bool:
        """Nothing but this handle holds it."""
        return os.fstat(self.handle).st_nlink == 0

    def close(self) -> None:
        self.closed = True
        os.close(self.handle)

    def _tail_before(self, offset: int) -> Mark:
        """The last bytes before there; what was read last is at hand, and else the file tells."""
        behind = self.read_at - offset
        size = min(TAIL_BYTES, offset)
        if behind + size <= len(self._tail):
            stop = len(self._tail) - behind
            return Mark.of(self._tail[stop - size : stop])
        if behind < len(self._tail) and behind + size > len(self._tail):
            size = len(self._tail) - behind
            return Mark.of(self._tail[:size])
        return Mark.of(os.pread(self.handle, size, offset - size))

    def _new(self, lines: list[bytes], starts: list[int]) -> tuple[list[bytes], list[int]]:
        """Without those that were given on before the last end of this process."""
        self.lines += len(lines)
        if not self._skipped:
            return lines, starts
        kept = [(line, start) for line, start in zip(lines, starts, strict=True) if start not in self._skipped]
        if starts and starts[-1] >= max(self._skipped):
            self._skipped = frozenset()
        return [line for line, _ in kept], [start for _, start in kept]

    def _fresh(self, start: int) -> LineSplitter:
        return LineSplitter(start, self._options.encoding, self._options.longest)
