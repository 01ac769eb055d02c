"""`scrape_failure_log_file`: a line of JSON for each scrape that fails, in the shape that Prometheus 2.55 gives it.

The file is opened for each line: failures are rare, and whoever rotates the file need not tell. What can't be written
is told once, until it can be.
"""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from engine.foundation.clock import Clock

log = logging.getLogger(__name__)


class FailureLog:
    """Of one job."""

    def __init__(self, file: Path, job: str, clock: Clock) -> None:
        self._file = file
        self._job = job
        self._clock = clock
        self._told = False

    def add(self, target: str, error: str) -> None:
        """The scrape of this URL failed."""
        now = datetime.fromtimestamp(self._clock.now_ms() / 1000, UTC).isoformat(timespec="milliseconds")
        line = {
            "time": now.replace("+00:00", "Z"),
            "level": "ERROR",
            "msg": error,
            "job_name": self._job,
            "target": target,
        }
        try:
            with self._file.open("ab") as file:
                file.write(msgspec.json.encode(line) + b"\n")
        except OSError as fault:
            if not self._told:
                log.error("scrape_failure_log_file %s can't be written: %s", self._file, fault.strerror)  # noqa: TRY400 - expected
            self._told = True
        else:
            self._told = False
