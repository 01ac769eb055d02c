"""Durations as Prometheus writes them: `1h30m`, units in falling order, whole numbers, milliseconds at heart."""

from __future__ import annotations

import re
from typing import Final

_PATTERN: Final = re.compile(  # noqa: TID251 - ours, linear
    r"(?:(\d+)y)?(?:(\d+)w)?(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?(?:(\d+)ms)?", re.ASCII
)
_UNITS: Final = (
    ("y", 365 * 86_400_000),
    ("w", 7 * 86_400_000),
    ("d", 86_400_000),
    ("h", 3_600_000),
    ("m", 60_000),
    ("s", 1000),
    ("ms", 1),
)
_SIZES: Final = dict(_UNITS)
_NEARLY: Final = re.compile(r"(\d{1,9}(?:\.\d{1,3})?)\s*([a-z]{0,2})", re.ASCII)  # noqa: TID251 - ours, linear
_LARGEST: Final = (2**63 - 1) // 1_000_000  # Go keeps nanoseconds in 64 bits


class Duration(int):
    """Milliseconds that print as Prometheus prints them."""

    __slots__ = ()

    @classmethod
    def from_text(cls, text: str) -> Duration:
        """Raises ValueError with Prometheus's words."""
        if text == "0":
            return cls(0)
        if text == "":
            raise ValueError("empty duration string")
        found = _PATTERN.fullmatch(text)
        if found is None:
            raise ValueError(f'not a valid duration string: "{text}"')
        ms = sum(int(n) * size for n, (_, size) in zip(found.groups("0"), _UNITS, strict=True))
        if ms > _LARGEST:
            raise ValueError("duration out of range")
        return cls(ms)

    @staticmethod
    def meant(text: str) -> str:
        """What a text that is no duration was probably meant to be: `15` is 15s, `1.5h` is 1h30m."""
        found = _NEARLY.fullmatch(text.strip())
        if found is None:
            return ""
        ms = float(found[1]) * _SIZES.get(found[2] or "s", 0)
        return format_duration(round(ms)) if ms >= 1 else ""

    @property
    def seconds(self) -> float:
        return self / 1000

    def __str__(self) -> str:
        return format_duration(self)

    def __repr__(self) -> str:
        return f"Duration({self})"


def format_duration(ms: int) -> str:
    """The canonical text: years and weeks only where they are exact."""
    if ms == 0:
        return "0s"
    rest, pieces = abs(ms), []
    for unit, size in _UNITS:
        if unit in ("y", "w") and rest % size:
            continue
        count, rest = divmod(rest, size)
        if count:
            pieces.append(f"{count}{unit}")
    return ("-" if ms < 0 else "") + "".join(pieces)
