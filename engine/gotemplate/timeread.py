"""Many texts to instants by one of Go's layouts, where most differ from the one before in the fraction alone.

Law: what is read is what `parse_time` gives. A text without its fraction is read once and remembered; that digits are
nothing but a fraction is tried with other digits, and where the two disagree nothing is remembered.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final
from zoneinfo import ZoneInfo

from engine.gotemplate.layout import CHUNK
from engine.gotemplate.timeparse import parse_time

_REMEMBERED: Final = 4096
_DIGITS: Final = "0123456789"
_OTHERS: Final = str.maketrans(_DIGITS, _DIGITS[::-1])
_FIXED: Final = frozenset(("2006", "01", "02", "Jan", "Mon", "15", "03", "04"))
"""Parts of a layout that take as much room in a text as in the layout, mostly: it is tried all the same."""

Reader = Callable[[str], int | None]


def reader(layout: str, zone: ZoneInfo | None = None) -> Reader:
    """From a text to Unix ns, or to None where the text is not as the layout says."""
    head = _place_of_fraction(layout)
    known: dict[tuple[str, str, int], int] = {}
    whole: dict[str, int | None] = {}

    def read(text: str) -> int | None:
        if head and text[head : head + 1] in _POINTS:
            return with_fraction(text)
        if text not in whole:
            _make_room(whole)
            whole[text] = parse_time(layout, text, zone)
        return whole[text]

    def with_fraction(text: str) -> int | None:
        behind = text[head + 1 :]
        tail = behind.lstrip(_DIGITS)
        digits = behind[: len(behind) - len(tail)]
        key = text[: head + 1], tail, len(digits)
        base = known.get(key)
        if base is not None:
            return base + _fraction(digits)
        time = parse_time(layout, text, zone)
        other = digits.translate(_OTHERS)
        again = parse_time(layout, text[: head + 1] + other + tail, zone)
        if time is not None and again is not None and time - _fraction(digits) == again - _fraction(other):
            _make_room(known)
            known[key] = time - _fraction(digits)
        return time

    return read


_POINTS: Final = (".", ",")


def _place_of_fraction(layout: str) -> int:
    """Where a fraction begins in texts of this layout, behind seconds of two digits; 0 where nobody can say."""
    for found in CHUNK.finditer(layout):
        if found[0] == "05":
            return found.end()
        if found[0] not in _FIXED:
            return 0
    return 0


def _fraction(digits: str) -> int:
    """Nanoseconds; what is finer is left out."""
    return int(digits[:9].ljust(9, "0"))


def _make_room(known: dict[str, int | None] | dict[tuple[str, str, int], int]) -> None:
    if len(known) >= _REMEMBERED:
        known.clear()
