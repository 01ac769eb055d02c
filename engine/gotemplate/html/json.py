"""Template values as JSON, as Go's `encoding/json` writes it inside of scripts."""

from __future__ import annotations

import math
from typing import Final

from engine.gotemplate.containers import GoList, GoMap, GoPointer, GoStruct, boxed
from engine.gotemplate.times import GoTime
from promql.model.numbers import exponential, plain

_SHORT: Final = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"}


def to_json(value: object) -> str:
    """Raises ValueError in Go's words for what JSON has no form for."""
    value = boxed(value.target if isinstance(value, GoPointer) else value)
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(int(value))
    if isinstance(value, float):
        return _number(value)
    if isinstance(value, str):
        return _string(value)
    if isinstance(value, GoTime):
        return _string(value.format("2006-01-02T15:04:05.999999999Z07:00"))
    if isinstance(value, GoMap):
        return "{" + ",".join(f"{_string(k)}:{to_json(v)}" for k, v in value.items()) + "}"
    if isinstance(value, GoList):
        return "[" + ",".join(to_json(v) for v in value) + "]"
    if isinstance(value, GoStruct):
        names = value.go_type.json
        return "{" + ",".join(f"{_string(names.get(n, n))}:{to_json(v)}" for n, v in value.items()) + "}"
    raise ValueError(f"json: unsupported type: {type(value).__name__}")


def _number(value: float) -> str:
    if not math.isfinite(value):
        raise ValueError(f"json: unsupported value: {plain(value)}")
    if value == 0 or 1e-6 <= abs(value) < 1e21:
        return plain(value)
    return exponential(value).replace("e-0", "e-")


def _string(text: str) -> str:
    return '"' + "".join(_SHORT.get(c) or (_code(c) if c < " " or c in "<>&\u2028\u2029" else c) for c in text) + '"'


def _code(char: str) -> str:
    return f"\\u{ord(char):04x}"
