"""What a tenant may ask for. Defaults are those of Loki 2.7."""

from __future__ import annotations

from typing import Final

from msgspec import Struct

from engine.foundation.errors import EngineError
from engine.logql.errors import LogQLError
from engine.logql.syntax.ast import Expr, Log, RangeAggregation, inner
from promql.model.durations import Duration

MAX_POINTS: Final = 11_000
_HOUR_NS: Final = 3600 * 10**9


class AskedTooMuchError(LogQLError):
    """A query asks for more than its tenant may have."""


class TooManyRequestsError(EngineError):
    """As many requests of this kind run already as may."""


class LogQueryLimits(Struct, frozen=True):
    """Times in ns; 0 is no limit, and no lookback reaches back for ever. `timeout` and `longest_tail` in seconds."""

    max_entries: int = 5000
    max_length: int = 721 * _HOUR_NS
    max_range: int = 0
    max_lookback: int = 0
    max_series: int = 500
    max_matchers: int = 1000
    max_bytes: int = 0
    max_tails: int = 10
    timeout: float = 60.0
    longest_tail: float = 3600.0
    required_labels: tuple[str, ...] = ()


def check_entries(limits: LogQueryLimits, limit: int) -> None:
    """Raises AskedTooMuchError."""
    if limits.max_entries and limit > limits.max_entries:
        raise AskedTooMuchError(
            f"max entries limit per query exceeded, limit > max_entries_limit ({limit} > {limits.max_entries})"
        )


def check_selectors(limits: LogQueryLimits, expr: Expr) -> None:
    """Raises AskedTooMuchError."""
    for log in logs_of(expr):
        if limits.max_matchers and len(log.matchers) > limits.max_matchers:
            raise AskedTooMuchError(
                f"max streams matchers per query exceeded, matchers-count > limit "
                f"({len(log.matchers)} > {limits.max_matchers})"
            )
        missing = [name for name in limits.required_labels if all(one.name != name for one in log.matchers)]
        if missing:
            raise AskedTooMuchError(f"stream selector is missing required matchers [{', '.join(missing)}]")


def check_ranges(limits: LogQueryLimits, expr: Expr) -> None:
    """Raises AskedTooMuchError."""
    todo = [expr]
    while todo:
        one = todo.pop()
        if isinstance(one, RangeAggregation) and limits.max_range and one.range > limits.max_range:
            raise AskedTooMuchError(f"[interval] value exceeds limit: {_shown(one.range)} > {_shown(limits.max_range)}")
        if not isinstance(one, Log):
            todo += inner(one)


def within(limits: LogQueryLimits, start: int, end: int, now: int) -> tuple[int, int]:
    """The part of the time that may be looked at; empty where that is nothing. Raises AskedTooMuchError."""
    if limits.max_lookback:
        start = max(start, now - limits.max_lookback)
    if limits.max_length and end - start > limits.max_length:
        length, most = _go(end - start), _go(limits.max_length)
        raise AskedTooMuchError(f"the query time range exceeds the limit (query length: {length}, limit: {most})")
    return start, max(start, end)


def check_points(start: int, end: int, step: int) -> None:
    """Raises AskedTooMuchError."""
    if (end - start) // step > MAX_POINTS:
        raise AskedTooMuchError(
            "exceeded maximum resolution of 11,000 points per timeseries. "
            "Try decreasing the query resolution (?step=XX)"
        )


def logs_of(expr: Expr) -> list[Log]:
    """The lines that a query reads, each time it does."""
    found, todo = [], [expr]
    while todo:
        one = todo.pop()
        match one:
            case Log():
                found.append(one)
            case RangeAggregation():
                found.append(one.log)
            case _:
                todo += inner(one)
    return found


def _shown(ns: int) -> str:
    return str(Duration(ns // 1_000_000))


def _go(ns: int) -> str:
    """As Go prints whole seconds: `721h0m0s`."""
    seconds = ns // 10**9
    hours, minutes = seconds // 3600, seconds % 3600 // 60
    rest = f"{seconds % 60}s"
    if hours:
        return f"{hours}h{minutes}m{rest}"
    return f"{minutes}m{rest}" if minutes else rest
