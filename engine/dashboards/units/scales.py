"""Scaled units: from which value on which unit is written, as one list of steps that a browser can follow too.

Law: the text of a value is that of the last step that begins at or below its size (of the first, if none does; of
`zero` for zero), with the value divided by the step's divisor.
"""

from __future__ import annotations

import math
from functools import cache
from typing import Final

from msgspec import Struct

from engine.dashboards.units import table
from engine.dashboards.units.numbers import Text, fixed

_SI: Final = ("f", "p", "n", "µ", "m", "", "k", "M", "G", "T", "P", "E", "Z", "Y")
_SI_BASE: Final = _SI.index("")
_BINARY: Final = ("", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei", "Zi", "Yi")
_COUNT: Final = ("", "K", "M", "B", "T")
_SHORT: Final = ("", " K", " Mil", " Bil", " Tri", " Quadr", " Quint", " Sext", " Sept")
_PLURALS: Final = frozenset({" min", " hour", " day", " week", " year"})


class Step(Struct, frozen=True):
    """`plural` is written behind numbers above one."""

    start: float
    divisor: float
    suffix: str
    plural: str


class Scale(Struct, frozen=True):
    """`zero` is the index of the step for zero; `factor` multiplies a value first."""

    steps: tuple[Step, ...]
    zero: int = 0
    prefix: str = ""
    factor: float = 1.0

    def text(self, value: float, decimals: int | None) -> Text:
        value *= self.factor
        if math.isinf(value) or math.isnan(value):
            return Text(fixed(value), self.prefix)
        step = self.step(value)
        scaled = value / step.divisor
        text, suffix = fixed(scaled, decimals), step.plural if abs(scaled) > 1 else step.suffix
        if self.prefix and text.startswith("-"):
            return Text(text[1:], f"-{self.prefix}", suffix)
        return Text(text, self.prefix, suffix)

    def step(self, value: float) -> Step:
        if value == 0:
            return self.steps[self.zero]
        size, found = abs(value), self.steps[0]
        for step in self.steps:
            if step.start > size:
                break
            found = step
        return found


@cache
def scale(unit: str) -> Scale | None:
    """That of a unit; None where it does not scale."""
    if unit in table.SI:
        return si(*table.SI[unit])
    if unit in table.BINARY:
        symbol, offset = table.BINARY[unit]
        return _powers(1024, [f" {prefix}{symbol}" for prefix in _BINARY], offset)
    if unit in table.CURRENCY_BEFORE:
        return currency(table.CURRENCY_BEFORE[unit])
    if unit in table.CURRENCY_BEHIND:
        return _powers(1000, [f"{letter}{table.CURRENCY_BEHIND[unit]}" for letter in _COUNT])
    if unit in table.COUNTS:
        return count(table.COUNTS[unit])
    if unit in table.SPANS:
        return _spans(table.SPANS[unit], 1.0)
    return _own(unit)


def si(symbol: str, offset: int = 0) -> Scale:
    return _powers(1000, [f" {prefix}{symbol}" for prefix in _SI], _SI_BASE + offset)


def si_offset(letter: str) -> int:
    """By how many thousands a prefix scales; 0 where it is none."""
    letter = letter.replace("μ", "µ")
    return _SI.index(letter) - _SI_BASE if letter and letter in _SI else 0


def count(symbol: str) -> Scale:
    return _powers(1000, [f"{letter} {symbol}" for letter in _COUNT])


def currency(symbol: str) -> Scale:
    return _powers(1000, list(_COUNT), prefix=symbol)


def _own(unit: str) -> Scale | None:
    match unit:
        case "short":
            return _powers(1000, list(_SHORT))
        case "pressurepsi":
            return _powers(1000, ["psi", "ksi", "Mpsi"])
        case "timeticks":
            return _spans(table.SPANS["s"], 0.01)
        case _:
            return None


def _powers(base: float, suffixes: list[str], offset: int = 0, prefix: str = "") -> Scale:
    steps = []
    for index, suffix in enumerate(suffixes):
        power = float(base) ** (index - offset)
        steps.append(Step(power, power, suffix, suffix))
    return Scale(tuple(steps), min(max(offset, 0), len(suffixes) - 1), prefix)


def _spans(spans: table.Spans, factor: float) -> Scale:
    zero = next(i for i, (_, by, _) in enumerate(spans) if by == 1)
    several = [name + "s" * (name in _PLURALS and at > zero) for at, (_, _, name) in enumerate(spans)]
    steps = tuple(Step(start, by, name, more) for (start, by, name), more in zip(spans, several, strict=True))
    return Scale(steps, zero, "", factor)
