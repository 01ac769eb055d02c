"""What a file is known by: not its name alone, since names move; not its inode alone, since inodes are used again.

A mark is a digest of some bytes at a place. The one of a file's first bytes tells files apart, the one of the last
bytes before where reading stopped tells that what was read is still there. A file that was cut to nothing and has grown
past the old place between two looks bears the right inode and the right size, and yet not the right mark.
"""

from __future__ import annotations

import json
import os
from hashlib import blake2b
from typing import Final

import msgspec
from msgspec import Struct

HEAD_BYTES: Final = 256
TAIL_BYTES: Final = 64


class Mark(Struct, frozen=True):
    """The digest of so many bytes."""

    size: int = 0
    digest: str = ""

    @classmethod
    def of(cls, data: bytes) -> Mark:
        return cls(len(data), blake2b(data, digest_size=8).hexdigest()) if data else cls()

    def fits(self, handle: int, start: int) -> bool:
        """Whether these bytes stand there. Nothing fits everywhere."""
        if not self.size:
            return True
        return start >= 0 and Mark.of(os.pread(handle, self.size, start)) == self


class Position(msgspec.Struct, frozen=True, kw_only=True):
    """How far a file was read: every line that begins before `offset`, and those that begin at `done`.

    `path` is the name under which it was read. `offset` counts bytes of what is read: of a packed file, unpacked ones.
    """

    path: str
    dev: int
    ino: int
    offset: int
    head: Mark = Mark()
    tail: Mark = Mark()
    done: tuple[int, ...] = ()

    def moved(self, offset: int) -> Position:
        """The same content, read up to there."""
        return Position(path=self.path, dev=self.dev, ino=self.ino, offset=offset, head=self.head)

    def text(self) -> str:
        try:
            return msgspec.json.encode(self).decode()
        except UnicodeEncodeError:  # the name of a file may be any bytes
            return json.dumps(msgspec.to_builtins(self))

    @classmethod
    def parse(cls, text: str) -> Position | None:
        """None where it is none, as of another version."""
        try:
            return msgspec.json.decode(text, type=cls)
        except msgspec.ValidationError:
            return None
        except msgspec.DecodeError:
            return cls._with_any_name(text)

    @classmethod
    def _with_any_name(cls, text: str) -> Position | None:
        try:
            return msgspec.convert(json.loads(text), cls)
        except (ValueError, RecursionError, msgspec.ValidationError):
            return None

    def fits(self, handle: int, size: int) -> bool:
        """Whether this is the content that was read, as far as it was read."""
        return (
            size >= self.offset and self.head.fits(handle, 0) and self.tail.fits(handle, self.offset - self.tail.size)
        )


def holds_part(handle: int, size: int, left: Position) -> bool:
    """Whether the file holds what was read, or the beginning of it, as far as a whole head tells."""
    if size >= left.offset:
        return bool(left.head.size) and left.fits(handle, size)
    return left.head.size == HEAD_BYTES and left.head.fits(handle, 0)


def is_copy(handle: int, size: int, original: int) -> bool:
    """Whether the file begins as the original does, and its end stands there at the same place."""
    if os.fstat(original).st_size < size:
        return False
    head, tail = min(HEAD_BYTES, size), min(TAIL_BYTES, size)
    same_head = os.pread(handle, head, 0) == os.pread(original, head, 0)
    return same_head and os.pread(handle, tail, size - tail) == os.pread(original, tail, size - tail)
