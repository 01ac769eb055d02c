"""The text of a value by its unit's id, as a panel shows it; and the unit as a browser needs it for axes and tooltips.

An id that nobody knows is a suffix (`cores` gives `12.3 cores`). `prefix:`, `suffix:`, `time:`, `si:`, `count:`,
`currency:` and `bool:` make units of their own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, tzinfo
from functools import lru_cache
from typing import Any, Final

from msgspec import Struct

from engine.dashboards.units import dates, durations, table
from engine.dashboards.units.numbers import Text, exponential, fixed, grouped, hexadecimal, plain
from engine.dashboards.units.scales import Scale, count, currency, scale, si, si_offset


class Setting(Struct, frozen=True):
    """Where and when a text is read: dates need it."""

    zone: tzinfo = UTC
    now: int = 0


HERE: Final = Setting()
Writer = Callable[[float, int | None, Setting], Text]


def text(value: float, unit: str = "", decimals: int | None = None, setting: Setting = HERE) -> Text:
    """The value in this unit; `decimals` None is about three significant digits."""
    return writer(unit)(value, decimals, setting)


@lru_cache(maxsize=512)
def writer(unit: str) -> Writer:
    """How values of this unit are written."""
    unit = table.ALIASES.get(unit, unit)
    if unit in _OWN:
        return _OWN[unit]
    if (found := scale(unit)) is not None:
        return _scaled(found)
    if unit in table.PLAIN or not unit:
        return _suffixed(table.PLAIN.get(unit, ""))
    if unit in table.BOOLEANS:
        return _boolean(*table.BOOLEANS[unit])
    key, colon, rest = unit.partition(":")
    return _custom(key, rest, unit) if colon and key else _suffixed(unit)


@lru_cache(maxsize=512)
def described(unit: str) -> Mapping[str, Any]:
    """The unit for a browser; of kind `texts` where only the server can write it."""
    unit = table.ALIASES.get(unit, unit)
    found = {
        "unit": unit,
        "kind": "plain",
        "prefix": "",
        "suffix": "",
        "steps": [],
        "factor": 1,
        "pattern": "",
    }
    if unit in ("percent", "percentunit"):
        return found | {"suffix": "%", "factor": 100 if unit == "percentunit" else 1}
    if (scaled := scale(unit) or _custom_scale(*unit.partition(":")[::2])) is not None:
        steps = [[step.divisor, "", step.suffix] for step in scaled.steps]
        first = [steps[scaled.zero]] if scaled.zero else []  # what zero is written with
        return found | {
            "kind": "scaled", "steps": first + steps, "prefix": scaled.prefix, "factor": scaled.factor,
        }  # fmt: skip
    if unit in _DATES or unit.startswith("time:"):
        return found | {"kind": "time", "pattern": _DATES.get(unit, unit.removeprefix("time:"))}
    if unit in ("locale", "sci"):
        return found | {"kind": "locale" if unit == "locale" else "scientific"}
    if unit in _OWN or unit in table.BOOLEANS or unit.startswith("bool:"):
        return found | {"kind": "texts"}
    if unit.startswith("prefix:"):
        return found | {"prefix": unit.removeprefix("prefix:")}
    suffix = table.PLAIN.get(unit, unit.removeprefix("suffix:"))
    return found | {"suffix": f" {suffix}" if suffix else ""}


def is_date(unit: str) -> bool:
    """Whether it is written as an instant; another unit, which a panel has for its numbers, is none for its times."""
    unit = table.ALIASES.get(unit, unit)
    return unit in _DATES or unit.startswith("time:") or unit == "dateTimeFromNow"


def _scaled(found: Scale) -> Writer:
    return lambda value, decimals, _: found.text(value, decimals)


def _suffixed(suffix: str) -> Writer:
    return lambda value, decimals, _: Text(fixed(value, decimals), suffix=f" {suffix}" if suffix else "")


def _prefixed(prefix: str) -> Writer:
    return lambda value, decimals, _: Text(fixed(value, decimals), prefix=prefix)


def _boolean(yes: str, no: str) -> Writer:
    return lambda value, *_: Text(yes if value and value == value else no)  # noqa: PLR0124 - NaN is no


def _dated(pattern: str) -> Writer:
    return lambda value, _, setting: Text(dates.written(value, pattern, setting.zone))


def _custom(key: str, rest: str, unit: str) -> Writer:
    if (found := _custom_scale(key, rest)) is not None:
        return _scaled(found)
    match key:
        case "prefix":
            return _prefixed(rest)
        case "suffix":
            return _suffixed(rest)
        case "time":
            return _dated(rest)
        case "bool":
            yes, slash, no = rest.partition("/")
            return _boolean(yes, no if slash else "-")
        case _:
            return _suffixed(unit)


def _custom_scale(key: str, rest: str) -> Scale | None:
    match key:
        case "si" if rest:
            offset = si_offset(rest[:1])
            return si(rest[1:] if offset else rest, offset)
        case "count" if rest:
            return count(rest)
        case "currency" if rest:
            return currency(rest)
        case _:
            return None


_DATES: Final[Mapping[str, str]] = {
    "dateTimeAsIso": dates.ISO, "dateTimeAsIsoNoDateIfToday": dates.ISO, "dateTimeAsSystem": dates.ISO,
    "dateTimeAsUS": "MM/DD/YYYY h:mm:ss a", "dateTimeAsUSNoDateIfToday": "MM/DD/YYYY h:mm:ss a",
    "dateTimeAsLocal": "MM/DD/YYYY, hh:mm:ss A", "dateTimeAsLocalNoDateIfToday": "MM/DD/YYYY, hh:mm:ss A",
}  # fmt: skip
_TODAY: Final[Mapping[str, str]] = {
    "dateTimeAsIsoNoDateIfToday": "HH:mm:ss", "dateTimeAsUSNoDateIfToday": "h:mm:ss a",
    "dateTimeAsLocalNoDateIfToday": "hh:mm:ss A",
}  # fmt: skip


def _short_today(unit: str) -> Writer:
    def write(value: float, _: int | None, setting: Setting) -> Text:
        at, now = dates.moment(value, setting.zone), dates.moment(setting.now, setting.zone)
        today = at is not None and now is not None and at.date() == now.date()
        return Text(dates.written(value, (_TODAY if today else _DATES)[unit], setting.zone))

    return write


def _marked(digits: str) -> str:
    return "-0x" + digits[1:] if digits.startswith("-") else "0x" + digits


_OWN: Final[Mapping[str, Writer]] = {
    "string": lambda value, *_: Text(plain(value)),
    "percent": lambda value, decimals, _: Text(fixed(value, decimals), suffix="%"),
    "percentunit": lambda value, decimals, _: Text(fixed(100 * value, decimals), suffix="%"),
    "hex": lambda value, decimals, _: Text(hexadecimal(value, decimals)),
    "hex0x": lambda value, decimals, _: Text(_marked(hexadecimal(value, decimals))),
    "sci": lambda value, decimals, _: Text(exponential(value, decimals)),
    "locale": lambda value, decimals, _: Text(grouped(value, decimals)),
    "dtdurations": lambda value, decimals, _: durations.words(value, decimals, "second"),
    "dtdurationms": lambda value, decimals, _: durations.words(value, decimals, "millisecond"),
    "dthms": lambda value, *_: durations.hours(value),
    "dtdhms": lambda value, *_: durations.days(value),
    "clocks": lambda value, decimals, _: durations.clock(value * 1000, decimals),
    "clockms": lambda value, decimals, _: durations.clock(value, decimals),
    "dateTimeFromNow": lambda value, _, setting: Text(dates.ago(value, setting.now)),
    **{unit: _short_today(unit) for unit in _TODAY},
    **{unit: _dated(pattern) for unit, pattern in _DATES.items() if unit not in _TODAY},
}  # fmt: skip
