"""The query front: text or tree in, result out, within limits.

Parsing and planning are quick and happen on the event loop; fetching and evaluating happen in a worker on
immutable views, and stop between two nodes of the plan once the time is up or the caller has gone.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from engine.foundation.clock import Clock
from engine.foundation.workers import Workers
from engine.query.slots import Slots
from promql.errors import QueryCanceledError, QueryTimeoutError
from promql.execute.run import run
from promql.model.panel import Need, Panel
from promql.model.results import Result
from promql.plan.build import build
from promql.plan.nodes import Plan
from promql.plan.window import Options, Window
from promql.syntax.ast import Expr
from promql.syntax.parser import parse


class Selects(Protocol):
    """The part of a store that queries need."""

    def select(self, need: Need) -> Sequence[Panel]:
        """The panels of all series that match."""


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


@dataclass(slots=True)
class QueryEngine:
    """Evaluates expressions over a store. `default_step_ms` follows the global evaluation interval."""

    store: Selects
    workers: Workers
    clock: Clock
    limits: QueryLimits = field(default_factory=QueryLimits)
    default_step_ms: int = 60_000
    counts: QueryCounts = field(default_factory=QueryCounts)
    _slots: Slots = field(init=False)

    def __post_init__(self) -> None:
        self._slots = Slots(self.limits.max_concurrency, self.clock)

    async def instant(self, query: str | Expr, time: int, *, timeout: float | None = None) -> Result:
        """The value at one instant (Unix ms). Raises PromQLError; `timeout` in seconds only shortens the limit.

        Whoever cancels this ends the evaluation too, at the next node of the plan.
        """
        return await self._evaluate(query, Window(time, time, 0), timeout)

    async def range(
        self, query: str | Expr, start: int, end: int, step: int, *, timeout: float | None = None
    ) -> Result:
        """The values at start, start + step, ... up to end (ms). Raises PromQLError."""
        return await self._evaluate(query, Window(start, end, step), timeout)

    async def _evaluate(self, query: str | Expr, window: Window, timeout: float | None) -> Result:
        allowed = self.limits.timeout_seconds if timeout is None else min(timeout, self.limits.timeout_seconds)
        entered = self.clock.monotonic()
        plan = build(parse(query) if isinstance(query, str) else query, window, self._options())
        planned = self.clock.monotonic()
        self.counts.prepare_seconds += planned - entered
        self.counts.current += 1
        try:
            async with self._slots.one(allowed):
                self.counts.queue_seconds += self.clock.monotonic() - planned
                return await self._run(plan, _Deadline(self.clock, entered + allowed))
        finally:
            self.counts.current -= 1
            self.counts.total += 1

    async def _run(self, plan: Plan, deadline: _Deadline) -> Result:
        started = self.clock.monotonic()
        try:
            return await self.workers.run(_fetch_and_run, self.store, plan, deadline)
        except asyncio.CancelledError:
            deadline.cancel()
            raise
        finally:
            self.counts.evaluate_seconds += self.clock.monotonic() - started

    def _options(self) -> Options:
        return Options(
            lookback_ms=self.limits.lookback_ms,
            default_step_ms=self.default_step_ms,
            max_samples=self.limits.max_samples,
        )


class _Deadline:
    """Called between the nodes of a plan, in the worker's thread."""

    def __init__(self, clock: Clock, due: float) -> None:
        self._clock = clock
        self._due = due
        self._canceled = threading.Event()

    def cancel(self) -> None:
        self._canceled.set()

    def __call__(self) -> None:
        if self._canceled.is_set():
            raise QueryCanceledError("query was canceled in expression evaluation")
        if self._clock.monotonic() > self._due:
            raise QueryTimeoutError("query timed out in expression evaluation")


def _fetch_and_run(store: Selects, plan: Plan, deadline: _Deadline) -> Result:
    panels: dict[Need, Sequence[Panel]] = {}
    for need in plan.needs:
        deadline()
        panels[need] = store.select(need)
    return run(plan, panels, deadline)
