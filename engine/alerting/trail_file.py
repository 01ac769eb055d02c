"""Trails over restarts: one file, rewritten whole now and then and at the end.

A trail explains, and decides nothing: a kill loses the last minutes of it, and a file that can't be read is told and
replaced.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path

import msgspec

from engine.alerting.trail import TrailRecord
from engine.foundation.files import replace

NAME = "trails.json"
VERSION = 1

log = logging.getLogger(__name__)


class _Kept(msgspec.Struct):
    version: int
    trails: list[TrailRecord]


def read(folder: Path) -> list[TrailRecord]:
    """What was written last; nothing where there is no file, or, which is told, none that can be read."""
    path = folder / NAME
    try:
        kept = msgspec.json.decode(path.read_bytes(), type=_Kept)
    except FileNotFoundError:
        return []
    except (OSError, msgspec.MsgspecError) as error:
        log.warning("%s: trails of alerts begin anew: %s", path, error)
        return []
    if kept.version != VERSION:
        log.warning("%s: trails of alerts begin anew: the file is of version %d, not %d", path, kept.version, VERSION)
        return []
    return kept.trails


def write(folder: Path, trails: Sequence[TrailRecord]) -> None:
    """Replace the file; where that fails, it is told."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        replace(folder / NAME, msgspec.json.encode(_Kept(VERSION, list(trails))))
    except OSError as error:
        log.warning("%s: trails of alerts were not written: %s", folder / NAME, error)
