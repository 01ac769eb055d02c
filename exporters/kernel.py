"""The kernel's small files, below procfs, sysfs or the tree of control groups.

Opening one costs more than reading it, so where the tree is mounted its files stay open, up to `KEPT` and to an eighth
of what this process may open when the tree is made, and are read again from their beginning, which has the kernel write
them anew. Others are opened each time; and now and then all are closed, since some may be of devices that have gone. A
copy of such a tree is ordinary files, which may be replaced at any time: none of these is kept, nor files of control
groups, which would not go while one is open.
"""

from __future__ import annotations

import errno
import os
import weakref
from collections.abc import Iterator
from pathlib import Path
from typing import Final

KEPT: Final = 160
_PATIENCE: Final = 64  # as many times `KEPT` files are opened before all are closed
_SMALL: Final = 4096  # what an attribute of sysfs may hold
_PIECE: Final = 65536
_NO_TEXT: Final = "\ufffd"
_GONE: Final = frozenset((errno.ENODEV, errno.ENXIO, errno.ESRCH, errno.ESTALE))  # there may be another by now


class Tree:
    """Files by their path below `root`, as `net/dev`. Blocks on each read; one thread at a time."""

    def __init__(self, root: Path, *, keep: bool = True) -> None:
        self.root = root
        self._prefix = f"{str(root).rstrip('/')}/"
        self._keeps = keep and os.path.ismount(root)
        self._most = _most() if self._keeps else 0
        self._kept: dict[str, int] = {}
        self._beyond = 0
        weakref.finalize(self, _close, self._kept)

    def text(self, path: str) -> str:
        """The whole file, whatever bytes it holds. Raises OSError."""
        return self._read(path, whole=True)

    def value(self, path: str) -> str:
        """A small file without the blanks around it. Raises OSError."""
        return self._read(path, whole=False).strip()

    def value_or_none(self, path: str) -> str | None:
        """The same, or None where it is missing or the kernel refuses to say (a link that is down has no speed)."""
        try:
            return self.value(path)
        except OSError:
            return None

    def number_or_none(self, path: str) -> float | None:
        """A whole number, None where there is none. Raises ValueError where something else stands there."""
        found = self.value_or_none(path)
        return None if found is None else float(int(found))

    def names(self, folder: str) -> list[str]:
        """What the folder holds, sorted. Raises OSError."""
        return sorted(os.listdir(self._prefix + folder))  # noqa: PTH208 - names alone

    def names_or_none(self, folder: str) -> list[str]:
        """The same, nothing where there is no such folder."""
        try:
            return self.names(folder)
        except OSError:
            return []

    def numbered(self, folder: str, prefix: str) -> Iterator[tuple[str, str]]:
        """What is named by the prefix and digits: path below the root, digits."""
        for name in self.names_or_none(folder):
            number = name.removeprefix(prefix)
            if number != name and number[:1].isdigit():
                yield f"{folder}/{name}", number

    def path(self, path: str) -> str:
        """Of the whole file system."""
        return self._prefix + path

    def is_folder(self, path: str) -> bool:
        return os.path.isdir(self._prefix + path)  # noqa: PTH112 - a Path costs more than the call

    def has(self, path: str) -> bool:
        return os.path.exists(self._prefix + path)  # noqa: PTH110 - a Path costs more than the call

    def _read(self, path: str, *, whole: bool) -> str:
        kept = self._kept.get(path)
        if kept is not None:
            try:
                return _content(kept, whole=whole)
            except OSError as error:
                if error.errno not in _GONE:
                    raise
                os.close(self._kept.pop(path))
        descriptor = os.open(self._prefix + path, os.O_RDONLY)
        if self._has_room():
            self._kept[path] = descriptor
            return _content(descriptor, whole=whole)
        try:
            return _content(descriptor, whole=whole)
        finally:
            os.close(descriptor)

    def _has_room(self) -> bool:
        if not self._keeps:
            return False
        if len(self._kept) >= self._most:
            self._beyond += 1
            if self._beyond < self._most * _PATIENCE or not self._most:
                return False
            self._beyond = 0
            _close(self._kept)
        return True


def _most() -> int:
    import resource  # noqa: PLC0415 - not on every system, nor are such trees

    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return KEPT if soft == resource.RLIM_INFINITY else min(KEPT, soft // 8)


def _content(descriptor: int, *, whole: bool) -> str:
    if not whole:
        return _decoded(os.pread(descriptor, _SMALL, 0))
    pieces = [os.pread(descriptor, _PIECE, 0)]
    size = len(pieces[0])
    while pieces[-1]:  # tables are given out by the page, whatever is asked for
        pieces.append(os.pread(descriptor, _PIECE, size))
        size += len(pieces[-1])
    return _decoded(b"".join(pieces))


def _decoded(found: bytes) -> str:
    """With one sign for all bytes on end that are no text, as the originals show them."""
    text = found.decode("utf-8", "replace")
    while _NO_TEXT * 2 in text:
        text = text.replace(_NO_TEXT * 2, _NO_TEXT)
    return text


def _close(kept: dict[str, int]) -> None:
    for descriptor in kept.values():
        os.close(descriptor)
    kept.clear()
