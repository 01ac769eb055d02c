"""A file that grows by lines of JSON.

It is opened for each line, so that whoever rotates it need not tell, and never waited for: a pipe that nobody reads
can't be written. What can't be written is told once, until it can. A last folder that is missing is made, since that of
a container, like `/prometheus`, need not be there on this machine.
"""

from __future__ import annotations

import logging
import os
from pathlib import Path

import msgspec

log = logging.getLogger(__name__)


class LineFile:
    """`key` is what the configuration calls it."""

    def __init__(self, key: str, file: Path) -> None:
        self._key = key
        self._file = file
        self._told = False

    def add(self, line: object) -> None:
        """Anything that msgspec writes as JSON."""
        try:
            self._append(msgspec.json.encode(line) + b"\n")
        except (OSError, ValueError) as fault:  # no file can have a name with a zero byte
            if not self._told:
                why = fault.strerror if isinstance(fault, OSError) else fault
                log.error("%s %s can't be written: %s", self._key, self._file, why)  # noqa: TRY400 - expected
            self._told = True
        else:
            self._told = False

    def _append(self, line: bytes) -> None:
        try:
            self._write(line)
        except FileNotFoundError:
            self._file.parent.mkdir(exist_ok=True)
            self._write(line)

    def _write(self, line: bytes) -> None:
        with open(self._file, "ab", opener=_without_waiting) as file:
            file.write(line)


def _without_waiting(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NONBLOCK, 0o666)
