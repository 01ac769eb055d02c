"""Numbers for people: Prometheus's `humanize` family. All take a float, an integer, a duration, or a number as text."""

from __future__ import annotations

import math
from typing import Final

from engine.gotemplate.errors import CallError
from engine.gotemplate.floats import parse_float
from engine.gotemplate.printing import go_print, printf
from engine.gotemplate.times import GoDuration, GoTime
from engine.gotemplate.types import type_of

_LARGE: Final = "kMGTPEZY"
_SMALL: Final = "munpfazy"


def number_of(value: object) -> float:
    """Raises CallError."""
    if isinstance(value, str) and type(value) is str:
        return _parsed(value)
    if isinstance(value, GoDuration):
        return value / 1e9
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    raise CallError(f"can't convert {type_of(value) or '<nil>'} to float")


def _parsed(text: str) -> float:
    try:
        return parse_float(text)
    except ValueError as error:
        raise CallError(str(error)) from None


def _short(value: float) -> str:
    return printf("%.4g", value)


def humanize(value: object) -> str:
    """`1.235M`, `123.4u`."""
    number = number_of(value)
    if number == 0 or not math.isfinite(number):
        return _short(number)
    return _scaled_down(number, 1000, _LARGE) if abs(number) >= 1 else _scaled_up(number)


def humanize1024(value: object) -> str:
    """`1.5ki`."""
    number = number_of(value)
    if abs(number) <= 1 or not math.isfinite(number):
        return _short(number)
    text = _scaled_down(number, 1024, _LARGE)
    return text + "i" if text[-1] in _LARGE else text


def _scaled_down(number: float, base: int, prefixes: str) -> str:
    prefix = ""
    for candidate in prefixes:
        if abs(number) < base:
            break
        prefix = candidate
        number /= base
    return _short(number) + prefix


def _scaled_up(number: float) -> str:
    prefix = ""
    for candidate in _SMALL:
        if abs(number) >= 1:
            break
        prefix = candidate
        number *= 1000
    return _short(number) + prefix


def humanize_duration(value: object) -> str:
    """Seconds as `1d 2h 3m 4s`, `1.5s`, `500ms`."""
    number = number_of(value)
    if number == 0:
        return _short(number) + "s"
    if not math.isfinite(number):
        return _short(number)
    if abs(number) < 1:
        return _scaled_up(number) + "s"
    sign, number = ("-" if number < 0 else ""), abs(number)
    whole = int(number)
    days, hours, minutes, seconds = whole // 86_400, whole // 3600 % 24, whole // 60 % 60, whole % 60
    if days:
        return f"{sign}{days}d {hours}h {minutes}m {seconds}s"
    if hours:
        return f"{sign}{hours}h {minutes}m {seconds}s"
    if minutes:
        return f"{sign}{minutes}m {seconds}s"
    return f"{sign}{_short(number)}s"


def humanize_percentage(value: object) -> str:
    """A ratio as `12.34%`."""
    return _short(number_of(value) * 100) + "%"


def humanize_timestamp(value: object) -> str:
    """Unix seconds as Go prints a time, to the millisecond."""
    number = number_of(value)
    if not math.isfinite(number):
        return _short(number)
    return go_print(to_time(number))


def to_time(value: object) -> GoTime:
    """Unix seconds as a time, to the millisecond."""
    number = number_of(value)
    if not math.isfinite(number):
        raise CallError("value is NaN or Inf")
    ns = number * 1e9
    if abs(ns) > 2**63 - 1:
        raise CallError(f"{go_print(number)} cannot be represented as a nanoseconds timestamp since it overflows int64")
    ms = abs(int(ns)) // 1_000_000
    return GoTime((-ms if ns < 0 else ms) * 1_000_000)


def to_duration(value: object) -> GoDuration:
    """Seconds as a duration."""
    number = number_of(value)
    if not math.isfinite(number):
        raise CallError("value is NaN or Inf")
    if abs(number * 1e9) > 2**63 - 1:
        raise CallError(f"{go_print(number)} cannot be represented as a nanoseconds duration since it overflows int64")
    return GoDuration(number * 1e9)
