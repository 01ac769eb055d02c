"""Reading of JSON that anybody may have written: what is not of the expected kind counts as missing."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, TypeAlias

Json: TypeAlias = dict[str, Any]


def mapping(found: Any) -> Json:
    return found if isinstance(found, dict) else {}


def objects(found: Any) -> list[Json]:
    """The objects of a list."""
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def items(found: Any) -> list[Any]:
    """A list as it is."""
    return found if isinstance(found, list) else []


def text(found: Any, default: str = "") -> str:
    return found if isinstance(found, str) else default


def texts(found: Any) -> list[str]:
    """Those of a list, numbers among them."""
    if not isinstance(found, list):
        return []
    return [str(one) for one in found if isinstance(one, str | int | float) and not isinstance(one, bool)]


def number(found: Any) -> float | None:
    """A number, also one that is written as text; None for NaN and infinities."""
    if isinstance(found, bool):
        return None
    if isinstance(found, int | float):
        return float(found) if math.isfinite(found) else None
    if isinstance(found, str):
        try:
            value = float(found)
        except ValueError:
            return None
        return value if math.isfinite(value) else None
    return None


def whole(found: Any, default: int = 0) -> int:
    value = number(found)
    return default if value is None else int(value)


def flag(found: Any, default: bool = False) -> bool:
    return found if isinstance(found, bool) else default


def at(found: Any, *path: str) -> Any:
    """What stands at the end of a path of keys; None where it breaks off."""
    for key in path:
        if not isinstance(found, Mapping):
            return None
        found = found.get(key)
    return found


def child(parent: Json, *path: str) -> Json:
    """The object at the end of a path of keys, made where it is missing."""
    for key in path:
        inner = parent.get(key)
        if not isinstance(inner, dict):
            inner = parent[key] = {}
        parent = inner
    return parent


def shown(value: Any) -> str:
    """A value as a person writes it: whole numbers without a point."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return "" if value is None else str(value)
