"""Instants as text."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def rfc3339(ms: int) -> str:
    """As Go prints a time in UTC: fractions without trailing zeros. Beyond the years 1 to 9999 Unix seconds."""
    try:
        text = _second(ms)
    except OverflowError:
        return f"{ms / 1000:.3f}"
    return f"{text}.{ms % 1000:03d}".rstrip("0") + "Z" if ms % 1000 else f"{text}Z"


def rfc3339_ms(ms: int) -> str:
    """The same, always with three digits behind the second."""
    try:
        return f"{_second(ms)}.{ms % 1000:03d}Z"
    except OverflowError:
        return f"{ms / 1000:.3f}"


def _second(ms: int) -> str:
    return (_EPOCH + timedelta(seconds=ms // 1000)).isoformat(timespec="seconds").removesuffix("+00:00")
