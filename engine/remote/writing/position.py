"""How far a queue is, kept beside the data, so that it goes on there after a restart."""

from __future__ import annotations

import logging
from pathlib import Path

import msgspec

from engine.foundation.files import replace
from engine.tsdb.log.feed import Position

log = logging.getLogger(__name__)


class _Kept(msgspec.Struct):
    commit: int
    segment: int


class KeptPosition:
    """A file; without one nothing is kept."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._written: Position | None = None

    def read(self) -> Position | None:
        if self._path is None:
            return None
        try:
            kept = msgspec.json.decode(self._path.read_bytes(), type=_Kept)
        except FileNotFoundError:
            return None
        except (OSError, msgspec.DecodeError) as error:
            log.warning("%s can't be read (%s): remote write goes on from now", self._path, error)
            return None
        return Position(kept.commit, kept.segment)

    def write(self, position: Position) -> None:
        if self._path is None or position == self._written:
            return
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            replace(self._path, msgspec.json.encode(_Kept(*position)))
        except OSError as error:  # a full disk: after a restart some of it goes out again
            log.warning("%s can't be written: %s", self._path, error.strerror)
        else:
            self._written = position
