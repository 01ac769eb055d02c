"""Thresholds: from which value on which colour holds."""

from __future__ import annotations

import math
from typing import Any, Final

from msgspec import Struct

from engine.dashboards.fields.colors import hexed
from engine.dashboards.json import mapping, number, objects, text


class Step(Struct, frozen=True):
    """From `value` on (the first from everywhere on)."""

    value: float
    color: str


class Thresholds(Struct, frozen=True):
    """Sorted; `percent` counts from the field's minimum to its maximum."""

    steps: tuple[Step, ...] = (Step(-math.inf, "#73bf69"), Step(80.0, "#f2495c"))
    percent: bool = False

    def color(self, value: float, low: float = 0.0, high: float = 100.0) -> str:
        return self.step(value, low, high).color

    def step(self, value: float, low: float, high: float) -> Step:
        """The last one at or below the value."""
        place = value if not self.percent else _share(value, low, high) * 100
        found = self.steps[0]
        for step in self.steps:
            if place >= step.value:
                found = step
        return found

    def absolute(self, low: float, high: float) -> list[Step]:
        """In the field's own numbers."""
        if not self.percent:
            return list(self.steps)
        return [Step(low + (high - low) * step.value / 100, step.color) for step in self.steps]


DEFAULT: Final = Thresholds()


def read(found: Any) -> Thresholds | None:
    """None where there are none."""
    steps: list[Step] = []
    for one in objects(mapping(found).get("steps")):
        value = number(one.get("value"))
        first = value is None and not steps
        if value is not None or first:
            steps.append(Step(-math.inf if value is None else value, hexed(text(one.get("color"), "green"))))
    if not steps:
        return None
    return Thresholds(tuple(sorted(steps, key=lambda step: step.value)), mapping(found).get("mode") == "percentage")


def _share(value: float, low: float, high: float) -> float:
    return 0.0 if high == low else (value - low) / (high - low)
