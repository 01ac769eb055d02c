"""Texts to instants, by Go's layouts (`2006-01-02 15:04:05`).

A layout is turned into a pattern once. The pattern is linear whatever the layout, since no part of it gives back what
it has taken; nor does Go, which reads `930` by `1504` as an hour of 93. As in Go, a fraction may follow seconds though
the layout names none, a run of blanks stands for one or more, and names of months and days are read in any case.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import lru_cache
from types import MappingProxyType
from typing import Final
from zoneinfo import ZoneInfo

from msgspec import Struct

from engine.gotemplate.layout import CHUNK, MONTHS, RFC3339_NANO, WEEKDAYS, day_number

NAMED: Final[Mapping[str, str]] = MappingProxyType({
    "ANSIC": "Mon Jan _2 15:04:05 2006",
    "UnixDate": "Mon Jan _2 15:04:05 MST 2006",
    "RubyDate": "Mon Jan 02 15:04:05 -0700 2006",
    "RFC822": "02 Jan 06 15:04 MST",
    "RFC822Z": "02 Jan 06 15:04 -0700",
    "RFC850": "Monday, 02-Jan-06 15:04:05 MST",
    "RFC1123": "Mon, 02 Jan 2006 15:04:05 MST",
    "RFC1123Z": "Mon, 02 Jan 2006 15:04:05 -0700",
    "RFC3339": "2006-01-02T15:04:05Z07:00",
    "RFC3339Nano": RFC3339_NANO,
})  # fmt: skip
_SECOND: Final = 1_000_000_000
_LENGTHS: Final = (0, 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_MONTH_NUMBERS: Final = {name.lower(): at for at, name in enumerate(MONTHS, 1)}
_MONTH_NUMBERS_SHORT: Final = {name[:3].lower(): at for at, name in enumerate(MONTHS, 1)}
_FRACTION: Final = r"(?:[.,](?P<fraction>[0-9]++))?+"
_PATTERNS: Final[Mapping[str, str]] = MappingProxyType({
    "January": f"(?P<month_name>{'|'.join(MONTHS)})",
    "Jan": f"(?P<month_short>{'|'.join(name[:3] for name in MONTHS)})",
    "Monday": f"(?:{'|'.join(WEEKDAYS)})",
    "Mon": f"(?:{'|'.join(name[:3] for name in WEEKDAYS)})",
    "MST": r"(?P<abbreviation>(?>GMT[+-][0-9]{1,2}+|[A-Z]{3,5}+|[+-][0-9]{2}(?:[0-9]{2})?+))",
    "002": r"(?P<year_day>[0-9]{3})", "__2": r"(?P<year_day>[ 0-9]{2}[0-9])",
    "01": r"(?P<month>[0-9]{2})", "1": r"(?P<month>[0-9]{1,2}+)",
    "02": r"(?P<day>[0-9]{2})", "_2": r" ?+(?P<day>[0-9]{1,2}+)", "2": r"(?P<day>[0-9]{1,2}+)",
    "03": r"(?P<hour12>[0-9]{2})", "3": r"(?P<hour12>[0-9]{1,2}+)", "15": r"(?P<hour>[0-9]{1,2}+)",
    "04": r"(?P<minute>[0-9]{2})", "4": r"(?P<minute>[0-9]{1,2}+)",
    "05": r"(?P<second>[0-9]{2})", "5": r"(?P<second>[0-9]{1,2}+)",
    "2006": r"(?P<year>[0-9]{4})", "06": r"(?P<year_short>[0-9]{2})",
    "PM": r"(?P<half>AM|PM)", "pm": r"(?P<half>am|pm)",
})  # fmt: skip


class Parsed(Struct, frozen=True):
    """A moment; `year` is 0 where the layout names none, and then `ns` is of that year. `offset` (seconds east of UTC)
    and `zone` are those that were written, or else those of the place; an offset that was written has no zone.
    """

    ns: int
    year: int
    month: int
    offset: int
    zone: str


def parse_time(layout: str, text: str, zone: ZoneInfo | None = None) -> int | None:
    """Unix ns, or None where the text is not as the layout says. Without offset it is a time of `zone`, or of UTC."""
    found = parse(layout, text, zone)
    return None if found is None else found.ns


def parse(layout: str, text: str, zone: ZoneInfo | None = None) -> Parsed | None:
    found = _pattern(layout).fullmatch(text)
    if found is None:
        return None
    try:
        return _assembled(found.groupdict(), zone)
    except (ValueError, OverflowError):
        return None


@lru_cache(maxsize=256)
def _pattern(layout: str) -> re.Pattern[str]:
    pieces: list[str] = []
    named: set[str] = set()
    end = 0
    while (found := CHUNK.search(layout, end)) is not None:
        chunk, stop = found[0], found.end()
        if chunk in ("Jan", "Mon") and layout[stop : stop + 1].islower() and layout[stop].isascii():
            pieces.append(_literal(layout[end:stop]))
            end = stop
            continue
        start = found.start() + (chunk == "_2006")
        pieces += [
            _literal(layout[end:start]),
            _once(_piece(chunk.removeprefix("_") if chunk == "_2006" else chunk), named),
        ]
        if chunk in ("05", "5") and not re.match(r"[.,](?:0+|9+)(?![0-9])", layout[stop:]):  # ours, linear
            pieces.append(_once(_FRACTION, named))
        end = stop
    pattern = "".join(pieces) + _literal(layout[end:])
    return re.compile(pattern, re.ASCII | re.IGNORECASE)  # noqa: TID251 - ours, linear


def _piece(chunk: str) -> str:
    if chunk[0] in ".,":
        return rf"[.,](?P<fraction>[0-9]{{{len(chunk) - 1}}})" if chunk[1] == "0" else _FRACTION
    if chunk in _PATTERNS:
        return _PATTERNS[chunk]
    colon = ":" if ":" in chunk else ""
    parts = len(chunk.replace(":", "")[1:]) // 2
    offset = "[+-][0-9]{2}" + f"{colon}[0-9]{{2}}" * (parts - 1)
    return f"(?P<offset>{offset}|Z)" if chunk[0] == "Z" else f"(?P<offset>{offset})"


def _once(piece: str, named: set[str]) -> str:
    """A layout may name a part twice; the first one counts."""
    found = re.match(r"[^(]*\(\?(?:P<(\w+)>|:[^(]*\(\?P<(\w+)>)", piece)  # ours, linear
    name = (found[1] or found[2]) if found is not None else None
    if name is None:
        return piece
    if name in named:
        return piece.replace(f"?P<{name}>", "?:")
    named.add(name)
    return piece


def _literal(text: str) -> str:
    return "".join(" ++" if part.startswith(" ") else re.escape(part) for part in re.findall(r" +|[^ ]+", text))


def _assembled(parts: Mapping[str, str | None], zone: ZoneInfo | None) -> Parsed:
    """Raises ValueError for what is on no clock and in no calendar."""

    def number(name: str, default: int) -> int:
        text = parts.get(name)
        return default if text is None else int(text)

    year, month, day = _date(parts, number)
    hour = _hour(parts, number)
    minute, second = number("minute", 0), number("second", 0)
    if not 1 <= month <= 12 or not 1 <= day <= _LENGTHS[month] or hour > 23 or minute > 59 or second > 59:
        raise ValueError("out of range")
    if month == 2 and day == 29 and (year % 4 or (year % 100 == 0 and year % 400)):
        raise ValueError("day out of range")
    fraction = int(((parts.get("fraction") or "0") + "0" * 9)[:9])
    local = day_number(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second
    offset, name = _offset(parts, local, zone)
    return Parsed((local - offset) * _SECOND + fraction, year, month, offset, name)


def _date(parts: Mapping[str, str | None], number: object) -> tuple[int, int, int]:
    assert callable(number)
    year: int = number("year", 0)
    if parts.get("year_short") is not None:
        short = number("year_short", 0)
        year = short + (1900 if short >= 69 else 2000)
    name, short_name = parts.get("month_name"), parts.get("month_short")
    month = number("month", 1)
    if name is not None:
        month = _MONTH_NUMBERS[name.lower()]
    elif short_name is not None:
        month = _MONTH_NUMBERS_SHORT[short_name.lower()]
    if parts.get("year_day") is None:
        return year, month, number("day", 1)
    date = datetime(year or 2000, 1, 1) + timedelta(days=number("year_day", 1) - 1)  # noqa: DTZ001 - a date alone
    return year, date.month, date.day


def _hour(parts: Mapping[str, str | None], number: object) -> int:
    assert callable(number)
    hour: int = number("hour", 0)
    if parts.get("hour12") is not None:
        hour = number("hour12", 0)
        if hour > 12:
            raise ValueError("hour out of range")
    half = (parts.get("half") or "").lower()
    if half == "pm" and hour < 12:
        return hour + 12
    return 0 if half == "am" and hour == 12 else hour


def _offset(parts: Mapping[str, str | None], local: int, zone: ZoneInfo | None) -> tuple[int, str]:
    """Seconds east of UTC at this local time, and what the zone is called."""
    written = parts.get("offset")
    if written is not None and written.upper() == "Z":
        return 0, "UTC"
    abbreviation = parts.get("abbreviation") or ""
    if written is not None or abbreviation.startswith(("+", "-")):
        digits = (written or abbreviation).replace(":", "")
        hours, minutes, seconds = int(digits[1:3]), int(digits[3:5] or 0), int(digits[5:7] or 0)
        size = hours * 3600 + minutes * 60 + seconds
        return -size if digits[0] == "-" else size, abbreviation or ("" if size else "UTC")
    if abbreviation.startswith("GMT") and len(abbreviation) > 3:
        return int(abbreviation[3:]) * 3600, abbreviation
    if zone is None or abbreviation in ("UTC", "GMT"):
        return 0, abbreviation or "UTC"
    return _of_zone(zone, local, abbreviation)


def _of_zone(zone: ZoneInfo, local: int, abbreviation: str) -> tuple[int, str]:
    at = datetime(1970, 1, 1, tzinfo=zone) + timedelta(seconds=local)
    for fold in (0, 1):
        moment = at.replace(fold=fold)
        name = moment.tzname() or ""
        if not abbreviation or name == abbreviation:
            offset = moment.utcoffset()
            return 0 if offset is None else int(offset.total_seconds()), name
    return 0, abbreviation  # one that this place does not know counts as UTC, as in Go
