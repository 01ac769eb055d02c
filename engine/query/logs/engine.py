"""Log queries, within limits: parsed on the event loop, run in a worker, ended when their time is up or nobody waits.

Lines of logs are read with start <= t < end, metric queries at steps that are multiples of the step, as Loki's front
end asks for them: the start is rounded down and the end up.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from msgspec import Struct
from msgspec.structs import replace

from engine.foundation.clock import Clock
from engine.foundation.workers import Workers
from engine.logql.execute import metrics
from engine.logql.execute.context import SECOND, Context, Read, Steps
from engine.logql.execute.lines import Entry, Span, entries
from engine.logql.lines import LogSource
from engine.logql.syntax.ast import Log, Metric
from engine.logql.syntax.parser import parse
from engine.query.deadline import Deadline
from engine.query.logs import limits as checks
from engine.query.logs.limits import AskedTooMuchError, LogQueryLimits
from engine.query.slots import Slots
from promql.model.results import Matrix, Vector

LOOKBACK: Final = 30 * SECOND
"""How far an instant query for lines looks back."""
_CONCURRENT: Final = 16

Result: TypeAlias = "list[Entry] | Vector | Matrix | float"


class LogAnswer(Struct, frozen=True):
    """What a query gave, what it read for that, and the seconds that waiting and running took."""

    result: Result
    read: Read
    queue_seconds: float
    seconds: float


class LogQueryCounts(Struct):
    """Queries that run or wait, those that have ended, and what they read."""

    current: int = 0
    total: int = 0
    lines: int = 0
    bytes: int = 0


class LinesWanted(Struct, frozen=True):
    """How lines are asked for; metric queries have no use of it. `interval` in ns."""

    limit: int = 100
    backward: bool = True
    interval: int = 0


PLAIN: Final = LinesWanted()


class Asked(Struct, frozen=True):
    """start <= t < end, for a metric query each `step` (all in ns)."""

    start: int
    end: int
    step: int


@dataclass(slots=True)
class LogQueryEngine:
    """`source` gives a view of a tenant's lines, `limits` what it may ask for."""

    source: Callable[[str], LogSource]
    limits: Callable[[str], LogQueryLimits]
    workers: Workers
    clock: Clock
    counts: LogQueryCounts = field(default_factory=LogQueryCounts)
    _slots: Slots = field(init=False)

    def __post_init__(self) -> None:
        self._slots = Slots(_CONCURRENT, self.clock)

    async def range(self, tenant: str, query: str, asked: Asked, wanted: LinesWanted = PLAIN) -> LogAnswer:
        """Lines, or values at steps. Raises LogQLError, QueryTimeoutError, QueryCanceledError."""
        expr, limits = parse(query), self.limits(tenant)
        start, end, step = asked.start, asked.end, asked.step
        checks.check_selectors(limits, expr)
        checks.check_ranges(limits, expr)
        if isinstance(expr, Log):
            checks.check_entries(limits, wanted.limit)
            span = self._span(limits, start, end, wanted)
            return await self._run(tenant, limits, lambda context: list(entries(context, expr, span)))
        checks.check_points(start, end, step)
        checks.within(limits, start, end, self._now())
        steps = Steps.over(start // step * step, -(-end // step) * step, step)
        return await self._run(tenant, limits, lambda context: _over(context, expr, steps))

    async def instant(self, tenant: str, query: str, time: int, wanted: LinesWanted = PLAIN) -> LogAnswer:
        """Values at one instant, or the lines of shortly before. Raises like `range`."""
        expr, limits = parse(query), self.limits(tenant)
        checks.check_selectors(limits, expr)
        checks.check_ranges(limits, expr)
        if isinstance(expr, Log):
            checks.check_entries(limits, wanted.limit)
            span = self._span(limits, time - LOOKBACK, time, wanted)
            return await self._run(tenant, limits, lambda context: list(entries(context, expr, span)))
        return await self._run(tenant, limits, lambda context: metrics.instant(context, expr, time))

    async def lines(self, tenant: str, log: Log, span: Span) -> LogAnswer:
        """Lines for a purpose of our own: not more than `span` says, within the other limits. Raises like `range`."""
        limits = self.limits(tenant)
        checks.check_selectors(limits, log)
        start, end = checks.within(limits, span.start, span.end, self._now())
        return await self.lines_of(self.source(tenant), tenant, log, replace(span, start=start, end=end))

    async def lines_of(self, source: LogSource, tenant: str, log: Log, span: Span) -> LogAnswer:
        """Lines of another source of the tenant's, whatever the time. Raises like `range`."""
        return await self._run(tenant, self.limits(tenant), lambda context: list(entries(context, log, span)), source)

    def _span(self, limits: LogQueryLimits, start: int, end: int, wanted: LinesWanted) -> Span:
        start, end = checks.within(limits, start, end, self._now())
        return Span(start, end, wanted.limit, wanted.backward, wanted.interval)

    async def _run(
        self, tenant: str, limits: LogQueryLimits, work: Callable[[Context], Result], source: LogSource | None = None
    ) -> LogAnswer:
        entered = self.clock.monotonic()
        deadline = Deadline(self.clock, entered + limits.timeout)
        read = Read()
        context = Context(
            self.source(tenant) if source is None else source,
            self._now(),
            _pausing(deadline, read, limits.max_bytes),
            limits.max_series,
            read=read,
        )
        self.counts.current += 1
        try:
            async with self._slots.one(limits.timeout):
                began = self.clock.monotonic()
                try:
                    result = await self.workers.run(work, context)
                except asyncio.CancelledError:
                    deadline.cancel()
                    raise
                return LogAnswer(result, read, began - entered, self.clock.monotonic() - began)
        finally:
            self.counts.current -= 1
            self.counts.total += 1
            self.counts.lines += read.lines
            self.counts.bytes += read.bytes

    def _now(self) -> int:
        return self.clock.now_ns()


def _over(context: Context, expr: Metric, steps: Steps) -> Matrix:
    return metrics.over_range(context, expr, steps)


def _pausing(deadline: Deadline, read: Read, most: int) -> Callable[[], None]:
    """Ends a query whose time is up, or that has read too much."""

    def pause() -> None:
        deadline()
        if most and read.bytes > most:
            raise AskedTooMuchError(
                f"the query would read too many bytes (query: {read.bytes}, limit: {most}); "
                "consider adding more specific stream selectors or reduce the time range of the query"
            )

    return pause
