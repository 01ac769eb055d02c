"""Files that are whole or not there, and those that a pattern names.

Laws: a file that others read is written beside its place, synced, and renamed over it, so that a reader or a
crash sees the old one or the new one; a rename counts only once its folder is synced too. A folder that a
process writes is locked by it, and whoever comes second is told who holds it.
"""

from __future__ import annotations

import errno
import fcntl
import glob
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO, Final

from engine.foundation.errors import StoreError

NO_ROOM: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
BESIDE: Final = ".tmp"
_MAGIC: Final = frozenset("*?[")


class FolderLockedError(StoreError):
    """Another process writes into the folder."""


@contextmanager
def beside(path: Path) -> Iterator[BinaryIO]:
    """A file to write that takes `path`'s place when the block ends well, and vanishes when it does not."""
    temporary = path.with_name(path.name + BESIDE)
    try:
        with temporary.open("wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:
        with suppress(OSError):
            temporary.unlink()
        raise
    sync_folder(path.parent)


def is_folder(path: Path) -> bool:
    """False too for what may not be looked at, of which whoever reads it tells."""
    try:
        return path.is_dir()
    except OSError:
        return False


def replace(path: Path, content: bytes) -> None:
    """Put `content` at `path`, whole or not at all."""
    with beside(path) as file:
        file.write(content)


def sweep(folder: Path) -> None:
    """Remove what a process left that was killed while it wrote beside a file."""
    for left in list(folder.rglob("*" + BESIDE)):
        if left.is_dir():
            shutil.rmtree(left)
        else:
            left.unlink(missing_ok=True)


def sync_folder(folder: Path) -> None:
    """Make the names in a folder survive a power cut."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


class FolderLock:
    """Holds `folder` for this process until `release`. Raises FolderLockedError with the holder's process id.

    The lock is the operating system's (flock), so a process that was killed leaves none behind; the file's text
    is only for people.
    """

    def __init__(self, folder: Path) -> None:
        self._handle = os.open(folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            fcntl.flock(self._handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            holder = os.read(self._handle, 32).decode(errors="replace").strip() or "unknown"
            os.close(self._handle)
            raise FolderLockedError(
                f"{folder}: another process (pid {holder}) uses this folder: stop it, or choose another one"
            ) from None
        with suppress(OSError):  # a full disk must not stop anybody from reading what is there
            os.ftruncate(self._handle, 0)
            os.write(self._handle, f"{os.getpid()}\n".encode())

    def release(self) -> None:
        os.close(self._handle)


def is_locked(folder: Path) -> bool:
    """Whether a process holds it. Looks and writes nothing, so it is for whoever may read. Raises OSError."""
    handle = os.open(folder / "lock", os.O_RDONLY | os.O_CLOEXEC)
    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(handle)
    return False


def matching(pattern: str) -> list[Path]:
    """The files that a glob (or a plain path) names, sorted. A star stays within one part, two are one, as in Go."""
    return [Path(found) for found in sorted(glob.glob(pattern, include_hidden=True)) if Path(found).is_file()]  # noqa: PTH207 - its patterns may be absolute


def is_pattern(path: str) -> bool:
    return not _MAGIC.isdisjoint(path)
