"""Value mappings: texts and colours that take the place of values."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from msgspec import Struct

from engine.dashboards.json import Json, at, mapping, number, objects, shown, text
from engine.dashboards.patterns import Pattern


class Mapped(Struct, frozen=True):
    """`text` None leaves the value's own."""

    text: str | None
    color: str


class ValueMapping(Struct, frozen=True):
    """One mapping: exact texts, a range (both ends inclusive), a pattern, or a special value."""

    kind: str
    exact: Json
    low: float
    high: float
    pattern: Pattern | None
    special: str
    result: Json


def read(found: Any) -> tuple[ValueMapping, ...]:
    made = [_read(one) for one in objects(found)]
    return tuple(one for one in made if one is not None)


def find(mappings: Sequence[ValueMapping], value: Any) -> Mapped | None:
    """What the first that fits makes of the value."""
    for one in mappings:
        if (result := _result(one, value)) is not None:
            replaced = result.get("text")
            return Mapped(replaced if isinstance(replaced, str) else None, text(result.get("color")))
    return None


def _read(one: Json) -> ValueMapping | None:
    options, kind = mapping(one.get("options")), text(one.get("type"))
    low, high = number(options.get("from")), number(options.get("to"))
    return ValueMapping(
        kind=kind,
        exact=options if kind == "value" else {},
        low=-math.inf if low is None else low,
        high=math.inf if high is None else high,
        pattern=Pattern.of(text(options.get("pattern"))) if kind == "regex" else None,
        special=text(options.get("match")),
        result=mapping(options.get("result")),
    )


def _result(one: ValueMapping, value: Any) -> Json | None:
    match one.kind:
        case "value":
            return None if value is None else mapping(one.exact.get(shown(value))) or None
        case "range":
            fits = isinstance(value, int | float) and not isinstance(value, bool) and one.low <= value <= one.high
            return one.result if fits else None
        case "regex":
            return _by_pattern(one, value)
        case "special":
            return one.result if _is_special(one.special, value) else None
        case _:
            return None


def _by_pattern(one: ValueMapping, value: Any) -> Json | None:
    if one.pattern is None or value is None or not one.pattern.finds(shown(value)):
        return None
    replaced = at(one.result, "text")
    if isinstance(replaced, str):
        return {**one.result, "text": one.pattern.replaced(shown(value), replaced)}
    return one.result


def _is_special(match_: str, value: Any) -> bool:
    match match_:
        case "null":
            return value is None
        case "nan":
            return isinstance(value, float) and math.isnan(value)
        case "null+nan":
            return value is None or (isinstance(value, float) and math.isnan(value))
        case "true":
            return value is True or bool(value == "true")
        case "false":
            return value is False or bool(value == "false")
        case "empty":
            return bool(value == "")
        case _:
            return False
