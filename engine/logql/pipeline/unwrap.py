"""`| unwrap label`: the value that a line has for a range aggregation."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

from engine.gotemplate.floats import parse_float
from engine.logql import units
from engine.logql.pipeline.row import Row
from engine.logql.syntax.ast import UnwrapStage

KIND: Final = "SampleExtractionErr"


def _seconds(text: str) -> float:
    return units.go_duration(text) / 1e9


CONVERSIONS: Final[Mapping[str, Callable[[str], float]]] = MappingProxyType(
    {"": parse_float, "bytes": units.size, "duration": _seconds, "duration_seconds": _seconds}
)


def value_of(stage: UnwrapStage) -> Callable[[Row], float | None]:
    """What reads the value of a row: None where it has no such label, 0 and an error where that is no value."""
    label, read = stage.label, CONVERSIONS[stage.conversion]

    def value(row: Row) -> float | None:
        text = row.get(label)
        if not text:
            return None
        try:
            return float(read(text))
        except ValueError as error:
            row.fail(KIND, str(error))
            return 0.0

    return value
