"""Lengths of time in words and as clocks."""

from __future__ import annotations

import math
from typing import Final

from engine.dashboards.units.numbers import Text

_UNITS: Final = (
    ("year", 31536e6), ("month", 2592e6), ("week", 6048e5), ("day", 864e5), ("hour", 36e5), ("minute", 6e4),
    ("second", 1e3), ("millisecond", 1.0),
)  # fmt: skip


def words(value: float, decimals: int | None, unit: str) -> Text:
    """`1 hour, 5 minutes`: one unit more for each decimal. `unit` is "second" or "millisecond"."""
    if value == 0:
        return Text("0", suffix=f" {unit}s")
    if value < 0:
        before = words(-value, decimals, unit)
        return Text(before.text, suffix=before.suffix + " ago")
    left, wanted = value * dict(_UNITS)[unit], decimals or 0
    found: list[str] = []
    for name, size in _UNITS:
        if wanted < 0:
            break
        if left >= size or found:
            whole = math.floor(left / size)
            found.append(f"{whole} {name}{'' if whole == 1 else 's'}")
            left %= size
            wanted -= 1
    return Text(", ".join(found))


def hours(value: float) -> Text:
    """`HH:MM:SS` of seconds."""
    if value < 0:
        return Text(hours(-value).text, suffix=" ago")
    whole = math.floor(value)
    return Text(f"{whole // 3600:02d}:{whole % 3600 // 60:02d}:{whole % 60:02d}")


def days(value: float) -> Text:
    """`D d HH:MM:SS` of seconds."""
    if value < 0:
        return Text(days(-value).text, suffix=" ago")
    whole = math.floor(value / 86400)
    clock = hours(value - whole * 86400).text
    return Text(f"{whole} d {clock}" if whole else clock)


def clock(ms: float, decimals: int | None) -> Text:
    """`01h:02m:03s:004ms`, or its first parts: one more for each decimal."""
    whole = int(ms)
    parts = [f"{whole // 3600000:02d}h", f"{whole // 60000 % 60:02d}m", f"{whole // 1000 % 60:02d}s"]
    parts.append(f"{whole % 1000:03d}ms")
    first = 3 if ms < 1000 else 2 if ms < 60000 else 1 if ms < 3600000 else 0
    wanted = len(parts) if decimals is None or first == 3 else first + decimals + 1
    return Text(":".join(parts[first : max(wanted, first + 1)]))
