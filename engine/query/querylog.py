"""`query_log_file`: a line of JSON for each query that was evaluated, in the shape that Prometheus 2.42 gives it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

import msgspec

from engine.foundation.clock import Clock
from engine.foundation.linefile import LineFile
from engine.foundation.origin import ORIGIN
from engine.query.answer import timings_of
from promql.model.instants import rfc3339_ms
from promql.plan.window import Window

_NO_SPAN: Final = "0" * 16


class QueryLog:
    """Of all queries, whether people or rules ask. What can't be read as one is not evaluated, and not here."""

    def __init__(self, file: Path, clock: Clock) -> None:
        self._file = LineFile("query_log_file", file)
        self._clock = clock

    def add(self, query: str, window: Window, statistics: bytes) -> None:
        """It was answered; `statistics` are JSON."""
        self._write(query, window, statistics, {})

    def failed(self, query: str, window: Window, error: str, seconds: float) -> None:
        """It was not, after so long."""
        statistics = b'{"timings":%b,"samples":{"totalQueryableSamples":0,"peakSamples":0}}'
        self._write(query, window, statistics % timings_of(0, 0, seconds), {"error": error})

    def _write(self, query: str, window: Window, statistics: bytes, error: Mapping[str, str]) -> None:
        start, end = rfc3339_ms(window.start), rfc3339_ms(window.end)
        line = {
            **error,
            **ORIGIN.get(),
            "params": {"end": end, "query": query, "start": start, "step": window.step // 1000},
            "spanID": _NO_SPAN,
            "stats": msgspec.Raw(statistics),
            "ts": rfc3339_ms(self._clock.now_ms()),
        }
        self._file.add(dict(sorted(line.items())))
