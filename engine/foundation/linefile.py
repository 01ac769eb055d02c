"""A file that grows by lines of JSON.

It is opened for each line, so that whoever rotates it need not tell. What can't be written is told once, until it can.
"""

from __future__ import annotations

import logging
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
            with self._file.open("ab") as file:
                file.write(msgspec.json.encode(line) + b"\n")
        except OSError as fault:
            if not self._told:
                log.error("%s %s can't be written: %s", self._key, self._file, fault.strerror)  # noqa: TRY400 - expected
            self._told = True
        else:
            self._told = False
