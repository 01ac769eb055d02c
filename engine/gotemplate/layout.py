"""Go's calendar and its layouts, which spell a format as the reference time `Mon Jan 2 15:04:05 MST 2006`."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

from msgspec import Struct

MONTHS: Final = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip
WEEKDAYS: Final = ("Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday")
RFC3339_MILLI: Final = "2006-01-02T15:04:05.000Z07:00"
RFC3339_NANO: Final = "2006-01-02T15:04:05.999999999Z07:00"
"""Without zeros at the end of the fraction."""
_SECOND: Final = 1_000_000_000
_DAY: Final = 86_400


class Instant(Struct, frozen=True):
    """A moment's calendar fields at its offset; `weekday` counts from Sunday as 0."""

    year: int
    month: int
    day: int
    hour: int
    minute: int
    second: int
    nanosecond: int
    weekday: int
    offset: int
    zone: str

    @classmethod
    def of(cls, ns: int, offset: int, zone: str) -> Instant:
        seconds, nanosecond = divmod(ns, _SECOND)
        days, rest = divmod(seconds + offset, _DAY)
        year, month, day = _civil(days)
        hour, rest = divmod(rest, 3600)
        return cls(year, month, day, hour, rest // 60, rest % 60, nanosecond, (days + 4) % 7, offset, zone)

    @property
    def year_day(self) -> int:
        return day_number(self.year, self.month, self.day) - day_number(self.year, 1, 1) + 1

    def shifted(self, years: int, months: int, days: int) -> int:
        """Unix nanoseconds of the same clock time on another date; days over a month's end run into the next."""
        extra, month = divmod(self.month + months - 1, 12)
        date = day_number(self.year + years + extra, month + 1, 1) + self.day + days - 1
        clock = self.hour * 3600 + self.minute * 60 + self.second
        return (date * _DAY + clock - self.offset) * _SECOND + self.nanosecond


def day_number(year: int, month: int, day: int) -> int:
    """Days since 1970 in the proleptic Gregorian calendar; years count from March so that leap days come last."""
    year -= month <= 2
    of_year = (153 * (month + (-3 if month > 2 else 9)) + 2) // 5 + day - 1
    return year * 365 + year // 4 - year // 100 + year // 400 + of_year - 719_468


def _civil(days: int) -> tuple[int, int, int]:
    era, rest = divmod(days + 719_468, 146_097)
    year = (rest - rest // 1_460 + rest // 36_524 - rest // 146_096) // 365
    of_year = rest - (365 * year + year // 4 - year // 100)
    shifted = (5 * of_year + 2) // 153
    day = of_year - (153 * shifted + 2) // 5 + 1
    month = shifted + 3 if shifted < 10 else shifted - 9
    return year + era * 400 + (month <= 2), month, day


CHUNK: Final = re.compile(  # noqa: TID251 - ours, linear
    r"January|Jan(?![a-z])|Jan|Monday|Mon(?![a-z])|MST|002|01|02|03|04|05|06|2006|_2006|__2|_2|2|15|1|3|4|5|PM|pm"
    r"|-07:00:00|-07:00|-070000|-0700|-07|Z07:00:00|Z07:00|Z070000|Z0700|Z07"
    r"|[.,](?:0+|9+)(?![0-9])"
)


def format_instant(at: Instant, layout: str) -> str:
    pieces: list[str] = []
    end = 0
    while (found := CHUNK.search(layout, end)) is not None:
        chunk, start = found[0], found.start()
        if (
            chunk in ("Jan", "Mon")
            and layout[found.end() : found.end() + 1].islower()
            and layout[found.end()].isascii()
        ):
            pieces.append(layout[end : found.end()])  # a word that only begins like a name
        elif chunk == "_2006":
            pieces += (layout[end : start + 1], _plain_year(at))
        elif chunk[0] in ".,":
            pieces += (layout[end:start], _fraction(at, chunk))
        else:
            pieces += (layout[end:start], _CHUNKS[chunk](at))
        end = found.end()
    return "".join(pieces) + layout[end:]


def _plain_year(at: Instant) -> str:
    return f"-{-at.year:04d}" if at.year < 0 else f"{at.year:04d}"


def _fraction(at: Instant, chunk: str) -> str:
    digits = f"{at.nanosecond:09d}"[: len(chunk) - 1].ljust(len(chunk) - 1, "0")
    if chunk[1] == "0":
        return chunk[0] + digits
    digits = digits.rstrip("0")
    return chunk[0] + digits if digits else ""


def _zone(at: Instant) -> str:
    if at.zone:
        return at.zone
    sign, minutes = ("-" if at.offset < 0 else "+"), abs(at.offset) // 60
    return f"{sign}{minutes // 60:02d}" + (f"{minutes % 60:02d}" if minutes % 60 else "00")


def _offset(chunk: str) -> Callable[[Instant], str]:
    colon = ":" if ":" in chunk else ""
    parts = len(chunk.replace(":", "")[1:]) // 2

    def show(at: Instant) -> str:
        if chunk[0] == "Z" and at.offset == 0:
            return "Z"
        size = abs(at.offset)
        fields = (size // 3600, size // 60 % 60, size % 60)[:parts]
        return ("-" if at.offset < 0 else "+") + colon.join(f"{f:02d}" for f in fields)

    return show


_CHUNKS: Final[Mapping[str, Callable[[Instant], str]]] = MappingProxyType(
    {
        "January": lambda t: MONTHS[t.month - 1],
        "Jan": lambda t: MONTHS[t.month - 1][:3],
        "Monday": lambda t: WEEKDAYS[t.weekday],
        "Mon": lambda t: WEEKDAYS[t.weekday][:3],
        "MST": _zone,
        "002": lambda t: f"{t.year_day:03d}",
        "__2": lambda t: f"{t.year_day:3d}",
        "01": lambda t: f"{t.month:02d}",
        "1": lambda t: str(t.month),
        "02": lambda t: f"{t.day:02d}",
        "_2": lambda t: f"{t.day:2d}",
        "2": lambda t: str(t.day),
        "03": lambda t: f"{t.hour % 12 or 12:02d}",
        "3": lambda t: str(t.hour % 12 or 12),
        "15": lambda t: f"{t.hour:02d}",
        "04": lambda t: f"{t.minute:02d}",
        "4": lambda t: str(t.minute),
        "05": lambda t: f"{t.second:02d}",
        "5": lambda t: str(t.second),
        "2006": _plain_year,
        "06": lambda t: f"{t.year % 100:02d}",
        "PM": lambda t: "PM" if t.hour >= 12 else "AM",
        "pm": lambda t: "pm" if t.hour >= 12 else "am",
        **{
            chunk: _offset(chunk)
            for sign in "-Z"
            for chunk in (f"{sign}07", f"{sign}0700", f"{sign}07:00", f"{sign}070000", f"{sign}07:00:00")
        },
    }
)
