"""Trails over restarts: one file, rewritten whole now and then and at the end; one line an alert.

A trail explains, and decides nothing: a kill loses the last minutes of it, and a file that can't be read is told and
replaced. It is written and read by the line: whole, 200,000 steps took 200 MB.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

import msgspec

from engine.alerting.kept.trail import TrailRecord
from engine.foundation.files import beside

NAME: Final = "trails.jsonl"
VERSION: Final = 1

log = logging.getLogger(__name__)


class _Header(msgspec.Struct, forbid_unknown_fields=True):
    format: str
    version: int


_HEADER: Final = _Header("trails of alerts", VERSION)


def read(folder: Path) -> Iterator[TrailRecord]:
    """What was written last; nothing where there is no file, or, which is told, none that can be read."""
    path = folder / NAME
    try:
        with path.open("rb") as file:
            header = msgspec.json.decode(next(file, b""), type=_Header)
            if header != _HEADER:
                log.warning("%s: trails of alerts begin anew: the file is of version %d", path, header.version)
                return
            decoder = msgspec.json.Decoder(TrailRecord)
            for line in file:
                yield decoder.decode(line)
    except FileNotFoundError:
        return
    except (OSError, msgspec.MsgspecError, UnicodeDecodeError) as error:
        log.warning("%s: trails of alerts begin anew: %s", path, error)


def write(folder: Path, trails: Iterable[TrailRecord]) -> None:
    """Replace the file; where that fails, it is told."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with beside(folder / NAME) as file:
            file.write(msgspec.json.encode(_HEADER) + b"\n")
            file.writelines(msgspec.json.encode(record) + b"\n" for record in trails)
    except OSError as error:
        log.warning("%s: trails of alerts were not written: %s", folder / NAME, error)
