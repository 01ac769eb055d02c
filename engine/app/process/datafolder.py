"""The data folder as a whole: one engine at a time, and who it is.

`lock` is held while an engine runs; `run.json` says which process it is and where it listens, from when it is ready. A
process that was killed leaves `run.json` behind and no lock, so the lock decides.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import msgspec

from engine.foundation.errors import ConfigError
from engine.foundation.files import FolderLock, is_locked, replace

RECORD: Final = "run.json"
LOG: Final = "engine.log"


class Run(msgspec.Struct, frozen=True):
    """`ports` are `HOST:PORT` by component."""

    pid: int
    ports: dict[str, str]


class DataFolder:
    """Held from when it is made until `release`. Raises FolderLockedError, OSError."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._lock = FolderLock(folder)
        self._record = folder / RECORD
        self._record.unlink(missing_ok=True)

    def tell_ready(self, ports: Mapping[str, str]) -> None:
        replace(self._record, msgspec.json.encode(Run(os.getpid(), dict(ports))) + b"\n")

    def release(self) -> None:
        self._record.unlink(missing_ok=True)
        self._lock.release()


def running(folder: Path) -> Run | None:
    """The engine that is ready and uses the folder; None where there is none. Raises ConfigError where only others may
    look. The record is looked at first: an engine that starts has none, and finds nobody at its lock.
    """
    try:
        run = msgspec.json.decode((folder / RECORD).read_bytes(), type=Run)
        return run if is_locked(folder) else None
    except (FileNotFoundError, NotADirectoryError, msgspec.DecodeError, UnicodeDecodeError):
        return None
    except OSError as error:
        raise ConfigError(f"{folder}: whether an engine uses it can't be seen: {error.strerror}") from None


def is_ours(folder: Path) -> bool:
    """Whether an engine has kept data in it."""
    return (folder / "lock").is_file()
