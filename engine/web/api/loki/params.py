"""Parameters of Loki's API: instants in ns, directions, limits, steps. Raises RefusedError in Loki's words."""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime
from typing import Final

from msgspec import Struct

from engine.logql.execute.context import MS, SECOND
from engine.query.logs.engine import Asked, LinesWanted
from engine.web.api.form import Params
from engine.web.api.loki.answers import RefusedError
from engine.web.api.params import parse_duration
from promql.model.labels import quote

_HOUR: Final = 3600 * SECOND
_DEFAULT_POINTS: Final = 250
_LARGEST: Final = 2**63 - 1
_DIGITS: Final = 19
_WHOLE: Final = re.compile(r"[+-]?[0-9]+", re.ASCII)  # noqa: TID251 - ours, linear
_DECIMAL: Final = re.compile(r"[+-]?[0-9]*\.[0-9]*(?:[eE][+-]?[0-9]{1,3})?", re.ASCII)  # noqa: TID251 - ours, linear
_RFC3339: Final = re.compile(  # noqa: TID251 - ours, linear
    r"(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:[.,](\d+))?(?:Z|([+-])(\d\d):(\d\d))", re.ASCII
)


class Between(Struct, frozen=True):
    """start <= t < end, in ns."""

    start: int
    end: int


def instant(text: str) -> int:
    """Unix seconds (with a dot, or of up to ten digits), nanoseconds, or RFC 3339, to ns. Raises RefusedError."""
    if _DECIMAL.fullmatch(text) and any(map(str.isdigit, text)):
        whole = float(text)
        if math.isfinite(whole) and abs(whole) < _LARGEST / SECOND:
            fraction, seconds = math.modf(whole)
            return int(seconds) * SECOND + round(fraction * 1000) * MS
    if _WHOLE.fullmatch(text):
        number = _integer(text)
        return number * SECOND if len(text) <= 10 else number
    if (found := _rfc3339(text)) is not None:
        return found
    raise RefusedError(f"strconv.ParseInt: parsing {quote(text)}: invalid syntax")


def _rfc3339(text: str) -> int | None:
    found = _RFC3339.fullmatch(text)
    if found is None:
        return None
    try:
        moment = datetime(*(int(found[i]) for i in range(1, 7)), tzinfo=UTC)  # type: ignore[misc,arg-type] # six ints
    except ValueError:
        return None
    away = (int(found[9]) * 60 + int(found[10])) * (1 if found[8] == "+" else -1) if found[8] else 0
    return (round(moment.timestamp()) - away * 60) * SECOND + int((found[7] or "0")[:9].ljust(9, "0"))


def time_of(params: Params, name: str, default: int) -> int:
    text = params.get(name, "")
    return instant(text) if text else default


def between(params: Params, now: int) -> Between:
    """`start`, `end`, `since`; an hour up to now where nothing is said. Raises RefusedError."""
    end = time_of(params, "end", now)
    since = _nanoseconds(params, "since")
    start = time_of(params, "start", min(end, now) - (_HOUR if since is None else since))
    if end < start:
        raise RefusedError("end timestamp must not be before or equal to start time")
    return Between(start, end)


def asked(params: Params, span: Between) -> Asked:
    """The time and its steps. Raises RefusedError."""
    return Asked(span.start, span.end, step(params, span))


def step(params: Params, span: Between) -> int:
    """Nanoseconds."""
    found = _nanoseconds(params, "step")
    if found is None:
        return max((span.end - span.start) // SECOND // _DEFAULT_POINTS, 1) * SECOND
    if found <= 0:
        raise RefusedError("zero or negative query resolution step widths are not accepted. Try a positive integer")
    return found


def lines_wanted(params: Params, default: int = 100) -> LinesWanted:
    """`limit`, `direction`, `interval`."""
    interval = _nanoseconds(params, "interval") or 0
    if interval < 0:
        raise RefusedError("interval must be >= 0")
    direction = params.get("direction", "backward")
    if direction.lower() not in ("backward", "forward"):
        raise RefusedError(f"invalid direction '{direction}'")
    return LinesWanted(limit(params, default), direction.lower() == "backward", interval)


def limit(params: Params, default: int = 100, name: str = "limit") -> int:
    found = whole(params, name, default)
    if found <= 0:
        raise RefusedError(f"{name} must be a positive value")
    return found


def whole(params: Params, name: str, default: int) -> int:
    text = params.get(name, "")
    if not text:
        return default
    if not _WHOLE.fullmatch(text):
        raise RefusedError(f"strconv.ParseInt: parsing {quote(text)}: invalid syntax")
    return _integer(text)


def _integer(digits: str) -> int:
    if len(digits.lstrip("+-0")) > _DIGITS or abs(number := int(digits)) > _LARGEST:
        raise RefusedError(f"strconv.ParseInt: parsing {quote(digits)}: value out of range")
    return number


def required_query(params: Params) -> str:
    """An empty one is refused by the parser."""
    return params.get("query", "")


def _nanoseconds(params: Params, name: str) -> int | None:
    """Float seconds or a duration."""
    text = params.get(name, "")
    if not text:
        return None
    try:
        seconds = parse_duration(text)
    except ValueError as error:
        raise RefusedError(str(error)) from None
    if not math.isfinite(seconds):
        raise RefusedError(f'cannot parse "{text}" to a valid duration')
    return round(seconds * SECOND)
