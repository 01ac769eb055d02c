"""The requests that were recorded from the real Loki 2.7.4, and the lines that it had."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from engine.logql.lines import StreamLines
from promql.model.labels import Labels
from tests.logql.memory_source import MemorySource

LATER = "decolorize"
"""2.8 brought it, so 2.7.4 refuses queries with it: the only difference."""


@dataclass(frozen=True)
class Case:
    path: str
    params: Mapping[str, Any]
    answer: Mapping[str, Any]

    @property
    def query(self) -> str:
        return str(self.params["query"])


@cache
def _document(folder: Path) -> Any:
    return json.loads((folder / "loki" / "logql.json").read_text())


def cases(folder: Path) -> list[Case]:
    """All with a query."""
    found = [Case(one["path"], one["params"], one["answer"]) for one in _document(folder)["cases"]]
    return [case for case in found if "query" in case.params]


def source(folder: Path) -> MemorySource:
    streams = _document(folder)["push"]["streams"]
    return MemorySource(
        StreamLines(
            Labels.of(one["stream"]),
            [int(time) for time, _ in one["values"]],
            [line.encode() for _, line in one["values"]],
        )
        for one in streams
    )


def same_number(a: str, b: str) -> bool:
    """But for the last digits: Loki adds up one by one, we exactly."""
    x, y = float(a), float(b)
    return x == y or abs(x - y) <= 1e-12 * max(abs(x), abs(y))
