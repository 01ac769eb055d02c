"""Many texts to instants by one of Go's layouts, where most differ from the one before in the fraction alone.

Law: what is read is what `parse_time` gives. A text without its fraction is read once and remembered; that digits are
nothing but a fraction is tried with other digits, and where the two disagree nothing is remembered.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final
from zoneinfo import ZoneInfo

from engine.gotemplate.layout import CHUNK
from engine.gotemplate.timeparse import parse_time

_REMEMBERED: Final = 4096
_FINEST: Final = 9
"""Digits of a fraction that count."""
_POINTS: Final = (".", ",")
_DIGITS: Final = "0123456789"
_OTHERS: Final = str.maketrans(_DIGITS, _DIGITS[::-1])
_FIXED: Final = frozenset(("2006", "01", "02", "Jan", "Mon", "15", "03", "04"))
"""Parts of a layout that take as much room in a text as in the layout, mostly: it is tried all the same."""


class TimeReader:
    """Reads texts of one layout; those without an offset are times of `zone`, or of UTC."""

    def __init__(self, layout: str, zone: ZoneInfo | None = None) -> None:
        self._layout = layout
        self._zone = zone
        self._head = _place_of_fraction(layout)
        self._known: dict[tuple[str, str, int], int] = {}
        self._whole: dict[str, int] = {}

    def read(self, text: str) -> int | None:
        """Unix ns, or None where the text is not as the layout says."""
        if self._head and text[self._head : self._head + 1] in _POINTS:
            return self._with_fraction(text)
        time = self._whole.get(text)
        if time is None:
            time = parse_time(self._layout, text, self._zone)
            if time is not None:  # what is no time may be as long as a line
                if len(self._whole) >= _REMEMBERED:
                    self._whole.clear()
                self._whole[text] = time
        return time

    def read_all(self, texts: Sequence[str]) -> list[int | None]:
        """The same of each."""
        by_length: dict[int, list[int]] = {}
        for row, length in enumerate(map(len, texts)):
            by_length.setdefault(length, []).append(row)
        if len(by_length) == 1:
            return self._alike(texts)
        times: list[int | None] = [None] * len(texts)
        for rows in by_length.values():
            for row, time in zip(rows, self._alike([texts[row] for row in rows]), strict=True):
                times[row] = time
        return times

    def _alike(self, texts: Sequence[str]) -> list[int | None]:
        """Texts of one length: mostly all fractions are of one length then."""
        if not self._head:
            return list(map(self.read, texts))
        begin = self._head + 1
        end = begin + len(_digits_of(texts[0][begin:]))
        fractions = [text[begin:end] for text in texts]
        joined = "".join(fractions)
        if not begin < end <= begin + _FINEST or not (joined.isascii() and joined.isdecimal()):
            return list(map(self.read, texts))
        others = [text[:begin] + text[end:] for text in texts]
        bases: dict[str, int] = {}
        for other, text in dict(zip(others, texts, strict=True)).items():
            self.read(text)
            base = self._known.get((text[:begin], text[end:], end - begin))
            if base is None:
                return list(map(self.read, texts))
            bases[other] = base
        unit = 10 ** (_FINEST - (end - begin))
        return [bases[other] + int(part) * unit for other, part in zip(others, fractions, strict=True)]

    def _with_fraction(self, text: str) -> int | None:
        begin = self._head + 1
        digits = _digits_of(text[begin:])
        tail = text[begin + len(digits) :]
        key = text[:begin], tail, len(digits)
        base = self._known.get(key)
        if base is not None:
            return base + _fraction(digits)
        time = parse_time(self._layout, text, self._zone)
        other = digits.translate(_OTHERS)
        again = parse_time(self._layout, text[:begin] + other + tail, self._zone)
        if time is not None and again is not None and time - _fraction(digits) == again - _fraction(other):
            if len(self._known) >= _REMEMBERED:
                self._known.clear()
            self._known[key] = time - _fraction(digits)
        return time


def _place_of_fraction(layout: str) -> int:
    """Where a fraction begins in texts of this layout, behind seconds of two digits; 0 where nobody can say."""
    for found in CHUNK.finditer(layout):
        if found[0] == "05":
            return found.end()
        if found[0] not in _FIXED:
            return 0
    return 0


def _digits_of(text: str) -> str:
    """Those with which it begins."""
    return text[: len(text) - len(text.lstrip(_DIGITS))]


def _fraction(digits: str) -> int:
    """Nanoseconds; what is finer is left out."""
    return int(digits[:_FINEST].ljust(_FINEST, "0"))
