"""Instants as texts, by the letters that Grafana's users write (`YYYY-MM-DD HH:mm:ss`)."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

ISO: Final = "YYYY-MM-DD HH:mm:ss"
_TOKEN: Final = re.compile(  # noqa: TID251 - ours, linear
    r"\[[^\]]*\]|\\.|YYYY|YY|Y|MMMM|MMM|MM|Mo|M|DDDD|DDD|DD|Do|D|dddd|ddd|dd|d|HH|H|hh|h|kk|k|mm|m|ss|s|SSS|SS|S|"
    r"A|a|ZZ|Z|z|X|x|WW|W|ww|w|E|e|Q|LTS|LT|LLLL|LLL|LL|L|llll|lll|ll|l"
)
_MONTHS: Final = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip
_DAYS: Final = ("Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday")
_LOCAL: Final[Mapping[str, str]] = {
    "LT": "h:mm A", "LTS": "h:mm:ss A", "L": "MM/DD/YYYY", "l": "M/D/YYYY", "LL": "MMMM D, YYYY", "ll": "MMM D, YYYY",
    "LLL": "MMMM D, YYYY h:mm A", "lll": "MMM D, YYYY h:mm A", "LLLL": "dddd, MMMM D, YYYY h:mm A",
    "llll": "ddd, MMM D, YYYY h:mm A",
}  # fmt: skip
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def zone(name: str) -> tzinfo:
    """A dashboard's time zone; the browser's is not known here, so UTC stands for it."""
    if name in ("", "browser", "utc"):
        return UTC
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return UTC


def moment(ms: float, where: tzinfo = UTC) -> datetime | None:
    """None for what no calendar knows."""
    try:
        return (_EPOCH + timedelta(milliseconds=int(ms))).astimezone(where)
    except (OverflowError, ValueError):  # NaN among them
        return None


def written(ms: float, pattern: str, where: tzinfo = UTC) -> str:
    """The instant by a pattern; `Invalid date` for what no calendar knows."""
    at = moment(ms, where)
    return "Invalid date" if at is None else _TOKEN.sub(lambda found: _part(found[0], at), pattern)


def ago(ms: float, now: float) -> str:
    """`5 minutes ago`, `in 2 hours`."""
    seconds = abs(now - ms) / 1000
    text = _humanised(seconds)
    return f"{text} ago" if ms <= now else f"in {text}"


def _humanised(seconds: float) -> str:
    minutes, hours, days = seconds / 60, seconds / 3600, seconds / 86400
    months, years = days / 30.437, days / 365.2425
    steps: tuple[tuple[bool, str], ...] = (
        (seconds < 44.5, "a few seconds"), (seconds < 89.5, "a minute"), (minutes < 44.5, f"{_near(minutes)} minutes"),
        (minutes < 89.5, "an hour"), (hours < 21.5, f"{_near(hours)} hours"), (hours < 35.5, "a day"),
        (days < 25.5, f"{_near(days)} days"), (days < 45.5, "a month"), (days < 319.5, f"{_near(months)} months"),
        (days < 547.5, "a year"),
    )  # fmt: skip
    return next((text for fits, text in steps if fits), f"{_near(years)} years")


def _near(value: float) -> int:
    return int(value + 0.5)


def _part(token: str, at: datetime) -> str:
    if token.startswith("["):
        return token[1:-1]
    if token.startswith("\\"):
        return token[1:]
    if token in _LOCAL:
        return _TOKEN.sub(lambda found: _part(found[0], at), _LOCAL[token])
    return _PARTS[token](at)


def _ordinal(number: int) -> str:
    ending = "th" if 10 < number % 100 < 14 else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"


def _offset(at: datetime, colon: str) -> str:
    minutes = int((at.utcoffset() or timedelta()).total_seconds() // 60)
    return f"{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02d}{colon}{abs(minutes) % 60:02d}"


def _sunday_first(at: datetime) -> int:
    return at.isoweekday() % 7


_PARTS: Final[Mapping[str, Callable[[datetime], str]]] = {
    "YYYY": lambda at: f"{at.year:04d}", "YY": lambda at: f"{at.year % 100:02d}", "Y": lambda at: str(at.year),
    "MMMM": lambda at: _MONTHS[at.month - 1], "MMM": lambda at: _MONTHS[at.month - 1][:3],
    "MM": lambda at: f"{at.month:02d}", "Mo": lambda at: _ordinal(at.month), "M": lambda at: str(at.month),
    "DDDD": lambda at: f"{at.timetuple().tm_yday:03d}", "DDD": lambda at: str(at.timetuple().tm_yday),
    "DD": lambda at: f"{at.day:02d}", "Do": lambda at: _ordinal(at.day), "D": lambda at: str(at.day),
    "dddd": lambda at: _DAYS[_sunday_first(at)], "ddd": lambda at: _DAYS[_sunday_first(at)][:3],
    "dd": lambda at: _DAYS[_sunday_first(at)][:2], "d": lambda at: str(_sunday_first(at)),
    "HH": lambda at: f"{at.hour:02d}", "H": lambda at: str(at.hour), "hh": lambda at: f"{at.hour % 12 or 12:02d}",
    "h": lambda at: str(at.hour % 12 or 12),
    "kk": lambda at: f"{at.hour or 24:02d}", "k": lambda at: str(at.hour or 24),
    "mm": lambda at: f"{at.minute:02d}", "m": lambda at: str(at.minute), "ss": lambda at: f"{at.second:02d}",
    "s": lambda at: str(at.second), "SSS": lambda at: f"{at.microsecond // 1000:03d}",
    "SS": lambda at: f"{at.microsecond // 10000:02d}", "S": lambda at: str(at.microsecond // 100000),
    "A": lambda at: "AM" if at.hour < 12 else "PM", "a": lambda at: "am" if at.hour < 12 else "pm",
    "ZZ": lambda at: _offset(at, ""), "Z": lambda at: _offset(at, ":"), "z": lambda at: at.tzname() or "",
    "X": lambda at: str(int(at.timestamp())), "x": lambda at: str(round(at.timestamp() * 1000)),
    "WW": lambda at: f"{at.isocalendar().week:02d}", "W": lambda at: str(at.isocalendar().week),
    "ww": lambda at: f"{int(at.strftime('%U')) + 1:02d}", "w": lambda at: str(int(at.strftime("%U")) + 1),
    "E": lambda at: str(at.isoweekday()), "e": lambda at: str(_sunday_first(at)),
    "Q": lambda at: str((at.month + 2) // 3),
}  # fmt: skip
