"""The query front: text or tree in, result out, within limits.

Parsing and planning are quick and happen on the event loop; fetching and evaluating happen in a worker on
immutable views, and stop between two nodes of the plan once the time is up or the caller has gone.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import NamedTuple, ParamSpec, TypeVar

from msgspec import Struct
from msgspec.structs import replace

from engine.foundation.clock import Clock
from engine.foundation.workers import Workers
from engine.query.answer import Answer
from engine.query.deadline import Deadline
from engine.query.elsewhere import Besides, Evaluator
from engine.query.evaluation import (
    Evaluated,
    Selects,
    evaluate,
    evaluate_metered,
    evaluate_narrow,
    evaluate_together,
    is_narrow,
)
from engine.query.querylog import QueryLog
from engine.query.slots import Slots
from engine.query.wishes import NO_WISHES, Wishes
from promql.errors import EvaluationError, PromQLError, QueryCanceledError, QueryTimeoutError
from promql.execute.meter import Meter
from promql.functions.dialects import Dialect
from promql.model.panel import Need
from promql.model.results import Result
from promql.plan.build import build, build_together
from promql.plan.nodes import Plan
from promql.plan.window import Options, Window
from promql.syntax.ast import Expr
from promql.syntax.parser import parse
from promql.syntax.printer import print_expr

P = ParamSpec("P")
R = TypeVar("R")


class QueryLimits(Struct, frozen=True):
    """Prometheus's defaults for its `--query.*` flags."""

    lookback_ms: int = 300_000
    timeout_seconds: float = 120.0
    max_samples: int = 50_000_000
    max_concurrency: int = 20


class QueryCounts(Struct):
    """What the engine says of its queries: those that run or wait, those that have ended, seconds by part."""

    current: int = 0
    total: int = 0
    queue_seconds: float = 0.0
    prepare_seconds: float = 0.0
    evaluate_seconds: float = 0.0


class _Began(NamedTuple):
    """When a query's turn began (monotonic seconds), and how long it was prepared and waited before."""

    at: float
    prepared: float
    queued: float


@dataclass(slots=True)
class QueryEngine:
    """Evaluates expressions over a store. `default_step_ms` follows the global evaluation interval; `dialect` holds
    where a query has none of its own. The samples of `besides` are read too. With `elsewhere` nothing is evaluated
    here, and texts are passed on as they are, in whatever language that server has. `log` hears of all of them.
    """

    store: Selects
    workers: Workers
    clock: Clock
    limits: QueryLimits = field(default_factory=QueryLimits)
    default_step_ms: int = 60_000
    dialect: Dialect = Dialect.PROMETHEUS_2
    counts: QueryCounts = field(default_factory=QueryCounts)
    besides: Besides | None = None
    elsewhere: Evaluator | None = None
    log: QueryLog | None = None
    _slots: Slots = field(init=False)

    def __post_init__(self) -> None:
        self._slots = Slots(self.limits.max_concurrency, self.clock)

    @property
    def asks_others(self) -> bool:
        """Whether others have series that the store does not know of."""
        return self.elsewhere is not None or (self.besides is not None and self.besides.active)

    async def instant(self, query: str | Expr, time: int, wishes: Wishes = NO_WISHES) -> Result:
        """The value at one instant (Unix ms). Raises PromQLError.

        Whoever cancels this ends the evaluation too, at the next node of the plan.
        """
        return (await self.answer(query, Window(time, time, 0), wishes)).result

    async def range(self, query: str | Expr, start: int, end: int, step: int) -> Result:
        """The values at start, start + step, ... up to end (ms). Raises PromQLError."""
        return (await self.answer(query, Window(start, end, step))).result

    async def answer(self, query: str | Expr, window: Window, wishes: Wishes = NO_WISHES) -> Answer:
        """The same, with what it took. Raises PromQLError."""
        if self.log is None:
            return await self._answered(query, window, wishes)
        entered = self.clock.monotonic()
        text = query if isinstance(query, str) else print_expr(query)
        try:
            answer = await self._answered(query, window, replace(wishes, measured=True))
        except (EvaluationError, QueryTimeoutError, QueryCanceledError) as error:
            self.log.failed(text, window, str(error), self.clock.monotonic() - entered)
            raise
        self.log.add(text, window, answer.statistics())
        return answer

    async def _answered(self, query: str | Expr, window: Window, wishes: Wishes) -> Answer:
        entered = self.clock.monotonic()
        if self.elsewhere is not None:
            text = query if isinstance(query, str) else print_expr(query)
            return await self._passed_on(self.elsewhere, text, window, wishes, entered)
        expr = parse(query) if isinstance(query, str) else query
        plan = build(expr, window, self._options(wishes))
        allowed = self._allowed(wishes)
        async with self._turn(entered, allowed) as began:
            store, warnings = await self._store_for(plan.needs)
            deadline = Deadline(self.clock, entered + allowed)
            evaluated = await self._run(store, expr, plan, deadline, wishes)
            ended = self.clock.monotonic()
            return Answer(evaluated, began.prepared, began.queued, ended - began.at, warnings)

    async def together(self, queries: Sequence[Expr], time: int) -> Sequence[Result | PromQLError]:
        """The values of several expressions at one instant, planned and computed together, or why one has none.

        Counts as one query, and the log tells of each. Raises ParseError, QueryTimeoutError, QueryCanceledError, which
        concern all of them.
        """
        if self.elsewhere is not None:
            return await self._each(queries, time)
        window = Window(time, time, 0)
        if self.log is None:
            found, _ = await self._together(queries, window)
        else:
            found = await self._told(self.log, queries, window)
        return [one.result if isinstance(one, Evaluated) else one for one in found]

    async def _told(
        self, log: QueryLog, queries: Sequence[Expr], window: Window
    ) -> Sequence[Evaluated | EvaluationError]:
        """The same, with a line for each: what was done for all of them at once is told in equal shares. What fails for
        all of them is not told, since each is asked by itself then.
        """
        found, began = await self._together(queries, window, measured=True)
        alone = sum(one.seconds for one in found if isinstance(one, Evaluated))
        share = max(self.clock.monotonic() - began.at - alone, 0.0) / max(len(found), 1)
        for query, one in zip(queries, found, strict=True):
            text = print_expr(query)
            if isinstance(one, Evaluated):
                log.add(text, window, Answer(one, began.prepared, began.queued, one.seconds + share).statistics())
            else:
                log.failed(text, window, str(one), share)
        return found

    async def _together(
        self, queries: Sequence[Expr], window: Window, *, measured: bool = False
    ) -> tuple[Sequence[Evaluated | EvaluationError], _Began]:
        options, allowed = self._options(NO_WISHES), self.limits.timeout_seconds
        entered = self.clock.monotonic()
        deadline = Deadline(self.clock, entered + allowed)
        async with self._turn(entered, allowed) as began:
            store: Selects = self.store
            if self.besides is not None and self.besides.active and queries:
                store, _ = await self._store_for(build_together(queries, window, options)[0].needs)
            work = partial(evaluate_together, measured=measured)
            return await self._worked(deadline, work, store, queries, window, options, deadline), began

    async def explained(self, query: str | Expr, window: Window, wishes: Wishes = NO_WISHES) -> tuple[Plan, Meter]:
        """The plan, after it was run, and what each of its nodes took. Raises PromQLError."""
        if self.elsewhere is not None:
            raise EvaluationError("queries are evaluated by another server, whose plan is not known here")
        expr = parse(query) if isinstance(query, str) else query
        plan = build(expr, window, self._options(wishes))
        meter, allowed = Meter(self.clock.monotonic), self._allowed(wishes)
        async with self._slots.one(allowed):
            deadline = Deadline(self.clock, self.clock.monotonic() + allowed)
            store, _ = await self._store_for(plan.needs)
            await self.workers.run(evaluate_metered, store, plan, deadline, meter)
        return plan, meter

    @asynccontextmanager
    async def _turn(self, entered: float, allowed: float) -> AsyncIterator[_Began]:
        """A query's turn, once one is free: counted, from when it was prepared to its end."""
        prepared = self.clock.monotonic()
        self.counts.prepare_seconds += prepared - entered
        self.counts.current += 1
        try:
            async with self._slots.one(allowed):
                at = self.clock.monotonic()
                self.counts.queue_seconds += at - prepared
                try:
                    yield _Began(at, prepared - entered, at - prepared)
                finally:
                    self.counts.evaluate_seconds += self.clock.monotonic() - at
        finally:
            self.counts.current -= 1
            self.counts.total += 1

    async def _store_for(self, needs: Sequence[Need]) -> tuple[Selects, tuple[str, ...]]:
        """What to read from, and what is missing in it."""
        if self.besides is None or not self.besides.active:
            return self.store, ()
        return await self.besides.beside(self.store, needs)

    async def _passed_on(
        self, evaluator: Evaluator, text: str, window: Window, wishes: Wishes, entered: float
    ) -> Answer:
        allowed = self._allowed(wishes)
        async with self._turn(entered, allowed) as began:
            left = entered + allowed - began.at
            found = await evaluator.evaluate(text, window, left, wishes.lookback_ms)
            took = self.clock.monotonic() - began.at
            return Answer(Evaluated(found.result), began.prepared, began.queued, took, found.warnings, found.infos)

    async def _each(self, queries: Sequence[Expr], time: int) -> Sequence[Result | PromQLError]:
        """One after the other, since rules must not be what overruns a server."""
        found: list[Result | PromQLError] = []
        for query in queries:
            try:
                found.append(await self.instant(query, time))
            except (EvaluationError, QueryTimeoutError) as error:
                found.append(error)
        return found

    async def _run(self, store: Selects, expr: Expr, plan: Plan, deadline: Deadline, wishes: Wishes) -> Evaluated:
        if is_narrow(store, plan):
            return evaluate_narrow(store, plan, deadline, measured=wishes.measured)
        return await self._worked(deadline, partial(evaluate, measured=wishes.measured), store, expr, plan, deadline)

    async def _worked(self, deadline: Deadline, function: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs) -> R:
        """In a worker, which stops when whoever asked has gone."""
        try:
            return await self.workers.run(function, *args, **kwargs)
        except asyncio.CancelledError:
            deadline.cancel()
            raise

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
