"""Values of parameters of Prometheus's API: instants, durations, selectors."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final

from engine.query.wishes import Wishes
from engine.web.api.envelope import ApiError
from engine.web.api.form import Params
from promql.functions.dialects import Dialect
from promql.model.durations import Duration
from promql.model.labels import quote
from promql.model.matchers import Matcher
from promql.syntax.parser import parse_selector

# The bounds that clients send for "as far as it goes"; Go prints them so.
MIN_TIME: Final = -(2**53)
MAX_TIME: Final = 2**53
_EXTREMES: Final[Mapping[str, int]] = {
    "-292273086-05-16T16:47:06Z": MIN_TIME,
    "292277025-08-18T07:12:54.999999999Z": MAX_TIME,
}
_BOOLEANS: Final = dict.fromkeys(("1", "t", "T", "true", "TRUE", "True"), True) | dict.fromkeys(
    ("0", "f", "F", "false", "FALSE", "False"), False
)
_LARGEST: Final = 2**63 - 1
_MOST_DIGITS: Final = 4000  # Python reads no longer ones
_WHOLE: Final = re.compile(r"[+-]?[0-9]+", re.ASCII)  # noqa: TID251 - ours, linear
_RFC3339: Final = re.compile(  # noqa: TID251 - ours, linear
    r"(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:[.,](\d{1,9}))?(?:Z|([+-])(\d\d):(\d\d))", re.ASCII
)


def parse_time(text: str) -> int:
    """Unix seconds or RFC 3339 to Unix ms. Raises ValueError with Prometheus's words.

    What is no number, or beyond 2^53 ms, is refused; Prometheus lets such instants wrap around.
    """
    if (extreme := _EXTREMES.get(text)) is not None:
        return extreme
    number = _number(text)
    if number is not None:
        return _ms(number, text)
    found = _RFC3339.fullmatch(text)
    if found is None:
        raise ValueError(f'cannot parse "{text}" to a valid timestamp')
    try:
        moment = datetime(*(int(found[i]) for i in range(1, 7)), tzinfo=UTC)  # type: ignore[misc,arg-type] # six ints
    except ValueError:
        raise ValueError(f'cannot parse "{text}" to a valid timestamp') from None
    away = (int(found[9]) * 60 + int(found[10])) * (1 if found[8] == "+" else -1) if found[8] else 0
    fraction = int((found[7] or "0")[:3].ljust(3, "0"))
    return round(moment.timestamp()) * 1000 + fraction - away * 60_000


def parse_duration(text: str) -> float:
    """Float seconds or a duration, to seconds; they may be NaN. Raises ValueError with Prometheus's words."""
    number = _number(text)
    if number is not None:
        if abs(number) * 1e9 >= 2**63:
            raise ValueError(f'cannot parse "{text}" to a valid duration. It overflows int64')
        return number
    try:
        return Duration.from_text(text) / 1000
    except ValueError:
        raise ValueError(f'cannot parse "{text}" to a valid duration') from None


def time_of(params: Params, name: str, default: int) -> int:
    text = params.get(name, "")
    if text == "":
        return default
    try:
        return parse_time(text)
    except ValueError as error:
        raise invalid(name, f"Invalid time value for '{name}': {error}") from None


def required_time(params: Params, name: str) -> int:
    try:
        return parse_time(params.get(name, ""))
    except ValueError as error:
        raise invalid(name, error) from None


def wishes_of(params: Params) -> Wishes:
    """What a query asks for beside its expression: `timeout`, `lookback_delta`, `dialect`, `stats`."""
    return Wishes(
        timeout=_seconds(params, "timeout"),
        lookback_ms=_lookback(params),
        dialect=_dialect(params.get("dialect", "")),
        measured=params.get("stats", "") != "",
    )


def whole(text: str) -> int:
    """A number of 64 bits, as Go reads one. Raises ValueError with its words."""
    if not _WHOLE.fullmatch(text):
        raise ValueError("invalid syntax")
    number = int(text) if len(text) <= _MOST_DIGITS else _LARGEST + 1
    if not -_LARGEST - 1 <= number <= _LARGEST:
        raise ValueError("value out of range")
    return number


def boolean(params: Params, name: str, failed: str = "unable to parse boolean") -> bool:
    """As Go's `ParseBool` reads one; nothing is false. Raises ApiError."""
    text = params.get(name, "")
    if text and text not in _BOOLEANS:
        raise invalid(name, f'{failed}: strconv.ParseBool: parsing "{text}": invalid syntax')
    return _BOOLEANS.get(text, False)


def limit_of(params: Params) -> int:
    """How many rows may be told; 0 for all."""
    text = params.get("limit", "")
    if text == "":
        return 0
    try:
        limit = whole(text)
    except ValueError as error:
        raise invalid("limit", f"strconv.Atoi: parsing {quote(text)}: {error}") from None
    if limit < 0:
        raise invalid("limit", "limit must be non-negative")
    return limit


def _seconds(params: Params, name: str) -> float | None:
    """None where the parameter is missing."""
    text = params.get(name, "")
    if text == "":
        return None
    try:
        return parse_duration(text)
    except ValueError as error:
        raise invalid(name, error) from None


def _lookback(params: Params) -> int | None:
    """In ms; none and nothing below a millisecond stand for the engine's own."""
    text = params.get("lookback_delta", "")
    try:
        seconds = parse_duration(text) if text else 0.0
    except ValueError as error:
        raise ApiError("bad_data", f"error parsing lookback delta duration: {error}") from None
    return max(int(seconds * 1000), 0) or None


def _dialect(text: str) -> Dialect | None:
    if text == "":
        return None
    try:
        return Dialect(text)
    except ValueError:
        known = " or ".join(one.value for one in Dialect)
        raise invalid("dialect", f"{quote(text)} is unknown, want {known}") from None


def selectors(params: Params) -> list[tuple[Matcher, ...]]:
    """Those of `match[]`. Raises ParseError, ApiError."""
    found = [parse_selector(text) for text in params.getall("match[]", [])]
    if any(all(matcher.matches("") for matcher in matchers) for matchers in found):
        raise ApiError("bad_data", "match[] must contain at least one non-empty matcher")
    return found


def invalid(name: str, error: Exception | str) -> ApiError:
    return ApiError("bad_data", f'invalid parameter "{name}": {error}')


def _number(text: str) -> float | None:
    if not text.isascii() or text != text.strip():
        return None
    try:
        return float(text)
    except ValueError:
        return None


def _ms(seconds: float, text: str) -> int:
    if not abs(seconds * 1000) <= MAX_TIME:
        raise ValueError(f'cannot parse "{text}" to a valid timestamp')
    rest, whole = math.modf(seconds)  # one by one, since rounding the product would move some instants by 1 ms
    return int(whole) * 1000 + math.floor(abs(rest) * 1000 + 0.5) * (-1 if rest < 0 else 1)
