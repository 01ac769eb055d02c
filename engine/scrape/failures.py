"""`scrape_failure_log_file`: a line of JSON for each scrape that fails, in the shape that Prometheus 2.55 gives it."""

from __future__ import annotations

from pathlib import Path

from engine.foundation.clock import Clock
from engine.foundation.linefile import LineFile
from promql.model.instants import rfc3339_ms


class FailureLog:
    """Of one job."""

    def __init__(self, file: Path, job: str, clock: Clock) -> None:
        self._file = LineFile("scrape_failure_log_file", file)
        self._job = job
        self._clock = clock

    def add(self, target: str, error: str) -> None:
        """The scrape of this URL failed."""
        now = rfc3339_ms(self._clock.now_ms())
        self._file.add({"time": now, "level": "ERROR", "msg": error, "job_name": self._job, "target": target})
