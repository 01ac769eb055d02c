"""Times of the week, the month and the year as they are written: ranges of numbers or names, joined by a colon.

All ranges are kept as whole numbers with both ends inside; times of day as minutes, the end outside.
"""

from __future__ import annotations

import re
import zoneinfo
from collections.abc import Callable
from typing import Final, Self

import msgspec

from engine.foundation.decode import Report

_TIME: Final = re.compile(r"([01]\d|2[0-3]):([0-5]\d)|24:00", re.ASCII)  # noqa: TID251 - ours, linear
_NUMBER: Final = re.compile(r"[+-]?\d+", re.ASCII)  # noqa: TID251 - ours, linear
_WEEKDAYS: Final = ("sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday")
_MONTHS: Final = (
    "january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november",
    "december",
)  # fmt: skip
_SHORTEST_MONTH: Final = 28


class _Range(msgspec.Struct, frozen=True, order=True):
    """Prints as it may be written."""

    begin: int = 0
    end: int = 0

    def __str__(self) -> str:
        first, last = self._word(self.begin), self._word(self.end)
        return first if first == last else f"{first}:{last}"

    def _word(self, number: int) -> str:
        return str(number)

    @classmethod
    def _parse(cls, text: str, member: Callable[[str], int]) -> Self:
        """One member, or two with a colon between them. Raises ValueError."""
        first, colon, last = text.lower().partition(":")
        if colon and (":" in last or not last):
            raise ValueError(f"couldn't parse range {text}, invalid format")
        begin = member(first)
        return cls(begin, member(last) if colon else begin)


class WeekdayRange(_Range, frozen=True, order=True):
    """Sunday is 0."""

    @classmethod
    def from_text(cls, text: str) -> Self:
        found = cls._parse(text, _weekday)
        if found.begin > found.end:
            raise ValueError("start day cannot be before end day")
        return found

    def _word(self, number: int) -> str:
        return _WEEKDAYS[number]


class DayOfMonthRange(_Range, frozen=True, order=True):
    """From 1, or from the month's end below 0 (-1 is its last day)."""

    @classmethod
    def from_text(cls, text: str) -> Self:
        found = cls._parse(text, _number)
        for day in (found.begin, found.end):
            if day == 0 or not -31 <= day <= 31:
                raise ValueError(f"{day} is not a valid day of the month: out of range")
        if found.begin < 0 < found.end:
            raise ValueError("end day must be negative if start day is negative")
        begin, end = (day + _SHORTEST_MONTH if day < 0 else day for day in (found.begin, found.end))
        if begin > end:
            raise ValueError(f"end day {found.end} is always before start day {found.begin}")
        return found


class MonthRange(_Range, frozen=True, order=True):
    """From 1. Any number passes, as there; no month has it."""

    @classmethod
    def from_text(cls, text: str) -> Self:
        found = cls._parse(text, _month)
        if found.begin > found.end:
            first, _, last = text.partition(":")
            raise ValueError(f"end month {last} is before start month {first}")
        return found

    def _word(self, number: int) -> str:
        return _MONTHS[number - 1] if 1 <= number <= len(_MONTHS) else str(number)


class YearRange(_Range, frozen=True, order=True):
    @classmethod
    def from_text(cls, text: str) -> Self:
        found = cls._parse(text, _number)
        if found.begin > found.end:
            raise ValueError(f"end year {found.end} is before start year {found.begin}")
        return found


class TimeOfDay(int):
    """Minutes since midnight; -1 where none is given."""

    @classmethod
    def from_text(cls, text: str) -> Self:
        found = _TIME.fullmatch(text)
        if found is None:
            raise ValueError(f"couldn't parse timestamp {text}, invalid format")
        return cls(24 * 60 if found[1] is None else int(found[1]) * 60 + int(found[2]))

    def __str__(self) -> str:
        return f"{self // 60:02d}:{self % 60:02d}"


class TimeRange(msgspec.Struct, frozen=True, kw_only=True):
    """A part of a day; its end is not part of it."""

    start_time: TimeOfDay = TimeOfDay(-1)
    end_time: TimeOfDay = TimeOfDay(-1)

    def check(self, report: Report) -> None:
        if self.start_time < 0 or self.end_time < 0:
            report.error("both start and end times must be provided")
        elif self.start_time >= self.end_time:
            report.error("start time cannot be equal or greater than end time", "start_time")


class Location(str):
    """An IANA time zone, `UTC` or `Local`; empty is UTC."""

    __slots__ = ()

    @classmethod
    def from_text(cls, text: str) -> Self:
        if text not in ("", "Local"):
            try:
                zoneinfo.ZoneInfo(text)
            except (ValueError, OSError, zoneinfo.ZoneInfoNotFoundError):
                raise ValueError(f"unknown time zone {text}") from None
        return cls(text)


class TimeInterval(msgspec.Struct, frozen=True, kw_only=True):
    """All that is given must hold; of each list, one entry."""

    times: tuple[TimeRange, ...] = ()
    weekdays: tuple[WeekdayRange, ...] = ()
    days_of_month: tuple[DayOfMonthRange, ...] = ()
    months: tuple[MonthRange, ...] = ()
    years: tuple[YearRange, ...] = ()
    location: Location = Location()


class NamedTimeIntervals(msgspec.Struct, frozen=True, kw_only=True):
    """Intervals under one name; one of them must hold."""

    name: str = ""
    time_intervals: tuple[TimeInterval, ...] = ()

    def check(self, report: Report) -> None:
        if not self.name:
            report.error("missing name in time interval", "name")


def _weekday(text: str) -> int:
    if text not in _WEEKDAYS:
        raise ValueError(f"{text} is not a valid weekday")
    return _WEEKDAYS.index(text)


def _month(text: str) -> int:
    if text in _MONTHS:
        return _MONTHS.index(text) + 1
    if _NUMBER.fullmatch(text) is None:
        raise ValueError(f"{text} is not a valid month")
    return int(text)


def _number(text: str) -> int:
    if _NUMBER.fullmatch(text) is None:
        raise ValueError(f'strconv.Atoi: parsing "{text}": invalid syntax')
    return int(text)
