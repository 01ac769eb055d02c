"""Go's `time.Time`, `time.Duration`, `time.Month` and `time.Weekday` as template values.

A time is Unix nanoseconds and an offset; the calendar is computed in `layout`, since Python's ends at the years 1 and
9999 and at microseconds. Nothing reads a clock or a zone database: `Local` is UTC, as in the originals' containers.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from engine.gotemplate.containers import GoInt64
from engine.gotemplate.layout import MONTHS, WEEKDAYS, Instant, format_instant
from engine.gotemplate.types import INT, STRING, Function, GoType, GoValue, Kind
from promql.model.labels import quote

_SECOND: Final = 1_000_000_000
_ZERO_SECONDS: Final = -62_135_596_800  # 1 January of the year 1
_MIN, _MAX = -(2**63), 2**63 - 1

DURATION: Final = GoType("time.Duration", Kind.INT)
MONTH: Final = GoType("time.Month", Kind.INT)
WEEKDAY: Final = GoType("time.Weekday", Kind.INT)
TIME: Final = GoType("time.Time", Kind.STRUCT)


class GoDuration(int, GoValue):
    """A span of nanoseconds."""

    __slots__ = ()

    @property
    def go_type(self) -> GoType:
        return DURATION

    @property
    def go_methods(self) -> Mapping[str, Function]:
        return _DURATION_METHODS

    def go_string(self) -> str:
        return format_duration(self)


class GoMonth(int, GoValue):
    """January is 1."""

    __slots__ = ()

    @property
    def go_type(self) -> GoType:
        return MONTH

    @property
    def go_methods(self) -> Mapping[str, Function]:
        return _NAMED_METHODS

    def go_string(self) -> str:
        return MONTHS[self - 1] if 1 <= self <= 12 else f"%!Month({int(self)})"


class GoWeekday(int, GoValue):
    """Sunday is 0."""

    __slots__ = ()

    @property
    def go_type(self) -> GoType:
        return WEEKDAY

    @property
    def go_methods(self) -> Mapping[str, Function]:
        return _NAMED_METHODS

    def go_string(self) -> str:
        return WEEKDAYS[self]


class GoTime(GoValue):
    """An instant: Unix nanoseconds, seen at an offset (seconds east of UTC). `GoTime.zero()` is Go's zero time."""

    __slots__ = ("ns", "offset", "zone")

    def __init__(self, ns: int, offset: int = 0, zone: str | None = None) -> None:
        self.ns: Final = int(ns)
        self.offset: Final = offset
        self.zone: Final = ("" if offset else "UTC") if zone is None else zone

    @classmethod
    def zero(cls) -> GoTime:
        return cls(_ZERO_SECONDS * _SECOND)

    @property
    def go_type(self) -> GoType:
        return TIME

    @property
    def go_methods(self) -> Mapping[str, Function]:
        return _TIME_METHODS

    def go_string(self) -> str:
        return self.format("2006-01-02 15:04:05.999999999 -0700 MST")

    def go_source(self) -> str:
        at = self.instant
        zone = "time.UTC" if self.zone == "UTC" else f"time.Location({quote(self.zone)})"
        clock = f"{at.hour}, {at.minute}, {at.second}, {at.nanosecond}"
        return f"time.Date({at.year}, time.{MONTHS[at.month - 1]}, {at.day}, {clock}, {zone})"

    @property
    def is_zero(self) -> bool:
        return self.ns == _ZERO_SECONDS * _SECOND

    @property
    def instant(self) -> Instant:
        return Instant.of(self.ns, self.offset, self.zone)

    def format(self, layout: str) -> str:
        """By Go's reference time, `2006-01-02 15:04:05 MST`."""
        return format_instant(self.instant, layout)

    def moved(self, ns: int) -> GoTime:
        return GoTime(self.ns + ns, self.offset, self.zone)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, GoTime) and (self.ns, self.offset, self.zone) == (other.ns, other.offset, other.zone)

    def __hash__(self) -> int:
        return hash((self.ns, self.offset, self.zone))

    def __repr__(self) -> str:
        return f"GoTime({self.go_string()})"


def format_duration(ns: int) -> str:
    """`1h2m3.5s`, `1.5ms`, `0s`."""
    if ns == 0:
        return "0s"
    sign, size = ("-" if ns < 0 else ""), abs(int(ns))
    for limit, unit, width in ((1_000, "ns", 0), (1_000_000, "µs", 3), (_SECOND, "ms", 6)):
        if size < limit:
            return f"{sign}{_decimal(size, width)}{unit}"
    minutes, rest = divmod(size, 60 * _SECOND)
    hours, minutes = divmod(minutes, 60)
    head = f"{hours}h{minutes}m" if hours else f"{minutes}m" if minutes else ""
    return f"{sign}{head}{_decimal(rest, 9)}s"


def _decimal(value: int, places: int) -> str:
    whole, rest = divmod(value, 10**places)
    fraction = f"{rest:0{places}d}".rstrip("0") if places else ""
    return f"{whole}.{fraction}" if fraction else str(whole)


def _clamped(ns: int) -> GoDuration:
    return GoDuration(min(max(ns, _MIN), _MAX))


def _toward_zero(value: int, unit: int) -> int:
    return -(-value // unit) if value < 0 else value // unit


def _fraction(value: int, unit: int) -> float:
    """Whole units and the rest are made floats apart, as in Go: one division would round differently."""
    whole = _toward_zero(value, unit)
    return float(whole) + float(value - whole * unit) / unit


def _round_duration(value: GoDuration, unit: int) -> GoDuration:
    """Halves away from zero."""
    if unit <= 0:
        return value
    rest = abs(value) % unit
    size = abs(value) - rest + (unit if rest * 2 >= unit else 0)
    return _clamped(-size if value < 0 else size)


def _truncate_duration(value: GoDuration, unit: int) -> GoDuration:
    return value if unit <= 0 else GoDuration(_toward_zero(value, unit) * unit)


def _since_zero(value: GoTime) -> int:
    return value.ns - _ZERO_SECONDS * _SECOND


def _round_time(value: GoTime, unit: int) -> GoTime:
    if unit <= 0:
        return value
    rest = _since_zero(value) % unit
    return value.moved(unit - rest if rest * 2 >= unit else -rest)


def _truncate_time(value: GoTime, unit: int) -> GoTime:
    return value if unit <= 0 else value.moved(-(_since_zero(value) % unit))


def _add_date(value: GoTime, years: int, months: int, days: int) -> GoTime:
    return GoTime(value.instant.shifted(years, months, days), value.offset, value.zone)


def _duration_table() -> Mapping[str, Function]:
    def whole(unit: int) -> Function:
        return Function(lambda d: GoInt64(_toward_zero(d, unit)))

    def fractional(unit: int) -> Function:
        return Function(lambda d: _fraction(d, unit))

    return MappingProxyType(
        {
            "Abs": Function(lambda d: _clamped(abs(d))),
            "Hours": fractional(3600 * _SECOND),
            "Microseconds": whole(1_000),
            "Milliseconds": whole(1_000_000),
            "Minutes": fractional(60 * _SECOND),
            "Nanoseconds": whole(1),
            "Round": Function(_round_duration, (DURATION,)),
            "Seconds": fractional(_SECOND),
            "String": Function(format_duration),
            "Truncate": Function(_truncate_duration, (DURATION,)),
        }
    )


_DURATION_METHODS: Final = _duration_table()
_NAMED_METHODS: Final[Mapping[str, Function]] = MappingProxyType({"String": Function(lambda v: v.go_string())})
_TIME_METHODS: Final[Mapping[str, Function]] = MappingProxyType(
    {
        "Add": Function(lambda t, d: t.moved(d), (DURATION,)),
        "AddDate": Function(_add_date, (INT, INT, INT)),
        "After": Function(lambda t, u: t.ns > u.ns, (TIME,)),
        "Before": Function(lambda t, u: t.ns < u.ns, (TIME,)),
        "Clock": Function(lambda t: t, results=3),
        "Date": Function(lambda t: t, results=3),
        "Day": Function(lambda t: t.instant.day),
        "Equal": Function(lambda t, u: t.ns == u.ns, (TIME,)),
        "Format": Function(lambda t, layout: t.format(layout), (STRING,)),
        "GoString": Function(lambda t: t.go_source()),
        "Hour": Function(lambda t: t.instant.hour),
        "ISOWeek": Function(lambda t: t, results=2),
        "IsDST": Function(lambda _: False),
        "IsZero": Function(lambda t: t.is_zero),
        "Local": Function(lambda t: GoTime(t.ns)),
        "Minute": Function(lambda t: t.instant.minute),
        "Month": Function(lambda t: GoMonth(t.instant.month)),
        "Nanosecond": Function(lambda t: t.instant.nanosecond),
        "Round": Function(_round_time, (DURATION,)),
        "Second": Function(lambda t: t.instant.second),
        "String": Function(lambda t: t.go_string()),
        "Sub": Function(lambda t, u: _clamped(t.ns - u.ns), (TIME,)),
        "Truncate": Function(_truncate_time, (DURATION,)),
        "UTC": Function(lambda t: GoTime(t.ns)),
        "Unix": Function(lambda t: GoInt64(t.ns // _SECOND)),
        "UnixMicro": Function(lambda t: GoInt64(t.ns // 1_000)),
        "UnixMilli": Function(lambda t: GoInt64(t.ns // 1_000_000)),
        "UnixNano": Function(lambda t: GoInt64((t.ns + 2**63) % 2**64 - 2**63)),
        "Weekday": Function(lambda t: GoWeekday(t.instant.weekday)),
        "Year": Function(lambda t: t.instant.year),
        "YearDay": Function(lambda t: t.instant.year_day),
        "Zone": Function(lambda t: t, results=2),
        "ZoneBounds": Function(lambda t: t, results=2),
    }
)
