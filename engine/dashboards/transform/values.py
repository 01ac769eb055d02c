"""A column as another kind."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import numpy as np
from msgspec.structs import replace

from engine.dashboards.frames.frame import Field, numbers
from engine.dashboards.json import number, shown


def converted(one: Field, kind: str) -> Field:
    """What can't be converted is missing."""
    values = one.plain()
    match kind:
        case "number":
            return replace(one, kind="number", values=numbers([number(value) for value in values]))
        case "string":
            return replace(one, kind="string", values=[None if value is None else shown(value) for value in values])
        case "boolean":
            return replace(one, kind="boolean", values=[None if value is None else _truth(value) for value in values])
        case "time":
            instants = [_instant(value) for value in values]
            if any(value is None for value in instants):
                return one
            return replace(one, kind="time", values=np.array(instants, dtype=np.int64))
        case _:
            return one


def _truth(value: Any) -> bool:
    return value.lower() not in ("", "false", "0", "no") if isinstance(value, str) else bool(value)


def _instant(value: Any) -> int | None:
    if (ms := number(value)) is not None:
        return int(ms)
    try:
        return round(datetime.fromisoformat(str(value)).timestamp() * 1000)
    except ValueError:
        return None
