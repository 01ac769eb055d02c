"""The query front: text or tree in, result out, within limits.

Parsing and planning are quick and happen on the event loop; fetching and evaluating happen in a worker on
immutable views, and stop between two nodes of the plan once the time is up or the caller has gone.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

from engine.foundation.clock import Clock
from engine.foundation.workers import Workers
from engine.query.deadline import Deadline
from engine.query.evaluation import (
    Evaluated,
    Selects,
    evaluate,
    evaluate_metered,
    evaluate_narrow,
    evaluate_together,
    is_narrow,
)
from engine.query.slots import Slots
from engine.query.wishes import NO_WISHES, Wishes
from promql.errors import EvaluationError
from promql.execute.meter import Meter
from promql.functions.dialects import Dialect
from promql.model.results import Result
from promql.plan.build import build
from promql.plan.nodes import Plan
from promql.plan.window import Options, Window
from promql.syntax.ast import Expr
from promql.syntax.parser import parse


@dataclass(frozen=True, slots=True)
class QueryLimits:
    """Prometheus's defaults for its `--query.*` flags."""

    lookback_ms: int = 300_000
    timeout_seconds: float = 120.0
    max_samples: int = 50_000_000
    max_concurrency: int = 20


@dataclass(slots=True)
class QueryCounts:
    """What the engine says of its queries: those that run or wait, those that have ended, seconds by part."""

    current: int = 0
    total: int = 0
    queue_seconds: float = 0.0
    prepare_seconds: float = 0.0
    evaluate_seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Answer:
    """A result, and the seconds that preparing, waiting and evaluating took."""

    evaluated: Evaluated
    prepare_seconds: float
    queue_seconds: float
    evaluate_seconds: float

    @property
    def result(self) -> Result:
        return self.evaluated.result


@dataclass(slots=True)
class QueryEngine:
    """Evaluates expressions over a store. `default_step_ms` follows the global evaluation interval; `dialect` holds
    where a query has none of its own.
    """

    store: Selects
    workers: Workers
    clock: Clock
    limits: QueryLimits = field(default_factory=QueryLimits)
    default_step_ms: int = 60_000
    dialect: Dialect = Dialect.PROMETHEUS_2
    counts: QueryCounts = field(default_factory=QueryCounts)
    _slots: Slots = field(init=False)

    def __post_init__(self) -> None:
        self._slots = Slots(self.limits.max_concurrency, self.clock)

    async def instant(self, query: str | Expr, time: int, wishes: Wishes = NO_WISHES) -> Result:
        """The value at one instant (Unix ms). Raises PromQLError.

        Whoever cancels this ends the evaluation too, at the next node of the plan.
        """
        return (await self.answer(query, Window(time, time, 0), wishes)).result

    async def range(self, query: str | Expr, start: int, end: int, step: int, wishes: Wishes = NO_WISHES) -> Result:
        """The values at start, start + step, ... up to end (ms). Raises PromQLError."""
        return (await self.answer(query, Window(start, end, step), wishes)).result

    async def answer(self, query: str | Expr, window: Window, wishes: Wishes = NO_WISHES) -> Answer:
        """The same, with what it took. Raises PromQLError."""
        entered = self.clock.monotonic()
        expr = parse(query) if isinstance(query, str) else query
        plan = build(expr, window, self._options(wishes))
        prepared = self.clock.monotonic()
        self.counts.prepare_seconds += prepared - entered
        self.counts.current += 1
        allowed = self._allowed(wishes)
        try:
            async with self._slots.one(allowed):
                began = self.clock.monotonic()
                self.counts.queue_seconds += began - prepared
                evaluated = await self._run(expr, plan, Deadline(self.clock, entered + allowed), wishes)
                ended = self.clock.monotonic()
                return Answer(evaluated, prepared - entered, began - prepared, ended - began)
        finally:
            self.counts.current -= 1
            self.counts.total += 1

    async def together(self, queries: Sequence[Expr], time: int) -> list[Result | EvaluationError]:
        """The values of several expressions at one instant, planned and computed together, or why one has none.

        Counts as one query. Raises ParseError, QueryTimeoutError, QueryCanceledError, which concern all of them.
        """
        window, options, allowed = Window(time, time, 0), self._options(NO_WISHES), self.limits.timeout_seconds
        deadline = Deadline(self.clock, self.clock.monotonic() + allowed)
        self.counts.current += 1
        try:
            async with self._slots.one(allowed):
                began = self.clock.monotonic()
                try:
                    return await self.workers.run(evaluate_together, self.store, queries, window, options, deadline)
                except asyncio.CancelledError:
                    deadline.cancel()
                    raise
                finally:
                    self.counts.evaluate_seconds += self.clock.monotonic() - began
        finally:
            self.counts.current -= 1
            self.counts.total += 1

    async def explained(self, query: str | Expr, window: Window, wishes: Wishes = NO_WISHES) -> tuple[Plan, Meter]:
        """The plan, after it was run, and what each of its nodes took. Raises PromQLError."""
        expr = parse(query) if isinstance(query, str) else query
        plan = build(expr, window, self._options(wishes))
        meter, allowed = Meter(self.clock.monotonic), self._allowed(wishes)
        async with self._slots.one(allowed):
            deadline = Deadline(self.clock, self.clock.monotonic() + allowed)
            await self.workers.run(evaluate_metered, self.store, plan, deadline, meter)
        return plan, meter

    async def _run(self, expr: Expr, plan: Plan, deadline: Deadline, wishes: Wishes) -> Evaluated:
        started = self.clock.monotonic()
        try:
            if not wishes.measured and is_narrow(self.store, plan):
                return evaluate_narrow(self.store, plan, deadline)
            return await self.workers.run(evaluate, self.store, expr, plan, deadline, measured=wishes.measured)
        except asyncio.CancelledError:
            deadline.cancel()
            raise
        finally:
            self.counts.evaluate_seconds += self.clock.monotonic() - started

    def _allowed(self, wishes: Wishes) -> float:
        """Seconds; a query may only shorten the limit."""
        limit = self.limits.timeout_seconds
        return limit if wishes.timeout is None else min(wishes.timeout, limit)

    def _options(self, wishes: Wishes) -> Options:
        return Options(
            lookback_ms=wishes.lookback_ms or self.limits.lookback_ms,
            default_step_ms=self.default_step_ms,
            max_samples=self.limits.max_samples,
            dialect=wishes.dialect or self.dialect,
        )
