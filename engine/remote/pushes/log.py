"""The pushed groups on disk: a log of how each was after a push, and of those that were deleted.

Laws: a push costs what it brings, not what all groups hold; it is in the log before it is answered; the log is written
anew when most of what it holds is no more in force. A file of the form before, which held all groups, is read.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from pathlib import Path
from typing import Final

import msgspec

from engine.foundation.errors import ConfigError, EngineError, StoreError
from engine.foundation.files import beside
from engine.foundation.frames import Form, FrameFile, Gap, file_header, framed, read_frames
from engine.remote.pushes.groups import Group, Key

_FORM: Final = Form(b"PUSH", 1)
_PUT: Final = 1
_DELETED: Final = 2
_OLD_FORMAT: Final = 1
_FACTOR: Final = 4
"""So many times more records than groups are left in the log..."""
_ALWAYS: Final = 1000
"""...and so many in any case."""

log = logging.getLogger(__name__)


class _OldFile(msgspec.Struct, frozen=True):
    format: int
    groups: list[Group]


class PushLog:
    """Owned by the gateway; `path` is the log, and its neighbour without a suffix the file of the form before."""

    def __init__(self, path: Path) -> None:
        """Raises ConfigError where there is something else, EngineError where the disk is full."""
        self._path = path
        self.groups: Final = _read(path)
        self._records = 0
        self._file = self._written_anew(self.groups)
        path.with_suffix("").unlink(missing_ok=True)

    def put(self, group: Group, alive: int) -> bool:
        """Note how a group is now, one of so many. Gives whether the log should be written anew."""
        return self._append(_put(group), alive)

    def delete(self, key: Key, alive: int) -> bool:
        """Note that it is no more."""
        return self._append(framed(_DELETED, msgspec.msgpack.encode(key)), alive)

    def rewrite(self, groups: Iterable[Group]) -> None:
        """Keep these alone. Where that fails, which is told, the log goes on as it is: it holds them too."""
        try:
            new = self._written_anew(list(groups))
        except (OSError, StoreError) as error:
            log.warning("%s: not made smaller: %s", self._path, error)
            return
        self._file.close()
        self._file = new

    def close(self) -> None:
        self._file.close()

    def _append(self, record: bytes, alive: int) -> bool:
        self._file.append([record])
        self._records += 1
        return self._records > max(_ALWAYS, _FACTOR * alive)

    def _written_anew(self, groups: list[Group]) -> FrameFile:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with beside(self._path) as file:
            file.write(file_header(_FORM))
            file.writelines(map(_put, groups))
        self._records = len(groups)
        return FrameFile(self._path, _FORM)


def _put(group: Group) -> bytes:
    return framed(_PUT, msgspec.msgpack.encode(group))


def _read(path: Path) -> list[Group]:
    if not path.exists():
        return _read_old(path.with_suffix(""))
    found: dict[Key, Group] = {}
    try:
        for record in read_frames(path, _FORM):
            if isinstance(record, Gap):
                log.warning("%s: %d bytes can't be read: pushes are lost", path, record.end - record.start)
            elif record.kind == _PUT:
                group = msgspec.msgpack.decode(record.payload, type=Group)
                found[group.labels] = group
            else:
                found.pop(msgspec.msgpack.decode(record.payload, type=Key), None)
    except (OSError, EngineError, msgspec.DecodeError) as error:
        raise ConfigError(f"{path}: the pushed groups can't be read ({error}): move the file away") from None
    return list(found.values())


def _read_old(path: Path) -> list[Group]:
    if not path.exists():
        return []
    try:
        found = msgspec.msgpack.decode(path.read_bytes(), type=_OldFile)
    except (OSError, msgspec.DecodeError) as error:
        raise ConfigError(f"{path}: the pushed groups can't be read ({error}): move the file away") from None
    if found.format != _OLD_FORMAT:
        raise ConfigError(f"{path}: another release wrote it: move the file away, or use that release")
    return found.groups
