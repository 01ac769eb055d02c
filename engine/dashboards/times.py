"""Ranges of time as people write them: `now-6h`, `now/d`, milliseconds, ISO 8601."""

from __future__ import annotations

import calendar
import re
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Final

from msgspec import Struct

from engine.dashboards.units.dates import moment

_PART: Final = re.compile(r"([+-])(\d{0,15})([smhdwMQy])|/(f?[smhdwMQy])")  # noqa: TID251 - ours, linear
_SECONDS: Final = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
_MONTHS: Final = {"M": 1, "Q": 3, "y": 12}


class TimeError(ValueError):
    """It is no time; the text says what would be one."""


class TimeRange(Struct, frozen=True):
    """From and to in Unix ms, and as they were written."""

    start: int
    end: int
    written: tuple[str, str] = ("", "")

    @property
    def span(self) -> int:
        """In ms, never below one."""
        return max(self.end - self.start, 1)


def time_range(start: str, end: str, now: int, zone: tzinfo = UTC) -> TimeRange:
    """Raises TimeError."""
    return TimeRange(instant(start, now, zone), instant(end, now, zone, up=True), (start, end))


def instant(text: str, now: int, zone: tzinfo = UTC, *, up: bool = False) -> int:
    """In Unix ms; `up` rounds to the end of a unit, as the right end of a range wants it. Raises TimeError."""
    found = _instant(text.strip(), now, zone, up=up)
    if moment(found, UTC) is None:
        raise TimeError(f"{text!r} is no time that a calendar knows")
    return found


def _instant(text: str, now: int, zone: tzinfo, *, up: bool) -> int:
    if re.fullmatch(r"-?\d{1,18}", text):
        return int(text)
    if text.startswith("now"):
        return _relative(text[3:], text, now, zone, up=up)
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise TimeError(f"{text!r} is no time: want now-6h, milliseconds, or 2024-05-17T08:00:00Z") from None
    return round((found if found.tzinfo else found.replace(tzinfo=zone)).timestamp() * 1000)


def shifted(given: TimeRange, time_from: str, time_shift: str, now: int, zone: tzinfo = UTC) -> tuple[TimeRange, str]:
    """A panel's own time, and how it is told: `timeFrom` is a length back from now, `timeShift` moves both ends."""
    start, end, told = given.start, given.end, []
    if time_from:
        start, end = instant(_back(time_from), now, zone), instant("now", now, zone, up=True)
        told.append(f"Last {time_from}" if "now" not in time_from else time_from)
    if time_shift:
        moved = instant(_back(time_shift), now, zone) - now
        start, end = start + moved, end + moved
        told.append(f"timeshift -{time_shift.removeprefix('now').lstrip('-')}")
    return TimeRange(start, end, given.written), " ".join(told)


def _back(text: str) -> str:
    return text if text.startswith("now") else f"now-{text.lstrip('-')}"


def _relative(rest: str, text: str, now: int, zone: tzinfo, *, up: bool) -> int:
    at, place = now, 0
    while place < len(rest):
        found = _PART.match(rest, place)
        if found is None:
            raise TimeError(f"{text!r} is no time: want now, now-6h, now-1d/d; units are s m h d w M Q y")
        at = _rounded(at, found[4].lstrip("f"), zone, up=up) if found[4] else _moved(at, found, zone)
        place = found.end()
    return at


def _moved(at: int, found: re.Match[str], zone: tzinfo) -> int:
    count = int(found[2] or 1) * (1 if found[1] == "+" else -1)
    if found[3] in _SECONDS and found[3] not in "dw":
        return at + count * _SECONDS[found[3]] * 1000
    there = moment(at, zone)
    if there is None:
        raise TimeError(f"{at} is no time that a calendar knows")
    try:
        if found[3] in "dw":
            moved = there + timedelta(days=count * (7 if found[3] == "w" else 1))
        else:
            moved = _by_months(there, count * _MONTHS[found[3]])
    except (OverflowError, ValueError):
        raise TimeError(f"{found[0]} leads beyond the calendar") from None
    return round(moved.timestamp() * 1000)


def _by_months(at: datetime, count: int) -> datetime:
    year, month = divmod(at.year * 12 + at.month - 1 + count, 12)
    return at.replace(year=year, month=month + 1, day=min(at.day, calendar.monthrange(year, month + 1)[1]))


def _rounded(at: int, unit: str, zone: tzinfo, *, up: bool) -> int:
    there = moment(at, zone)
    if there is None:
        raise TimeError(f"{at} is no time that a calendar knows")
    begin = _beginning(there, unit)
    if not up:
        return round(begin.timestamp() * 1000)
    if unit in _MONTHS:
        return round(_by_months(begin, _MONTHS[unit]).timestamp() * 1000) - 1
    return round((begin + timedelta(seconds=_SECONDS[unit])).timestamp() * 1000) - 1


def _beginning(at: datetime, unit: str) -> datetime:
    match unit:
        case "s":
            return at.replace(microsecond=0)
        case "m":
            return at.replace(second=0, microsecond=0)
        case "h":
            return at.replace(minute=0, second=0, microsecond=0)
        case _:
            day = at.replace(hour=0, minute=0, second=0, microsecond=0)
    match unit:
        case "w":
            return day - timedelta(days=day.isoweekday() % 7)
        case "M":
            return day.replace(day=1)
        case "Q":
            return day.replace(month=(day.month - 1) // 3 * 3 + 1, day=1)
        case "y":
            return day.replace(month=1, day=1)
        case _:
            return day
