"""A few lines, served."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import web

from engine.foundation.clock import Clock
from engine.foundation.workers import InlineWorkers
from engine.logql.lines import StreamLines
from engine.query.logs.engine import LogQueryEngine
from engine.query.logs.limits import LogQueryLimits
from engine.query.logs.tail import Tails
from engine.web.api.loki import explore, query, tail
from promql.model.labels import Labels
from tests.logql.memory_source import MemorySource
from tests.web.serving import serving

SECOND = 10**9
NOW = 1_700_000_000 * SECOND


def stored() -> MemorySource:
    """Each second of the last minute a line of JSON and one of logfmt."""
    times = range(NOW - 60 * SECOND, NOW, SECOND)
    levels = ("info", "warn", "error")
    return MemorySource(
        [
            StreamLines(
                Labels.of(job="app"),
                list(times),
                [b'{"level": "%b", "took": "%dms", "id": %d}' % (levels[n % 3].encode(), n, n) for n in range(60)],
            ),
            StreamLines(
                Labels.of(job="web", kind="logfmt"),
                list(times),
                [b"status=%d path=/p/%d" % (200 + n % 2, n) for n in range(60)],
            ),
        ]
    )


def engine(source: MemorySource, clock: Clock, limits: LogQueryLimits | None = None) -> LogQueryEngine:
    return LogQueryEngine(lambda _tenant: source, lambda _tenant: limits or LogQueryLimits(), InlineWorkers(), clock)


@asynccontextmanager
async def served(source: MemorySource, clock: Clock, limits: LogQueryLimits | None = None) -> AsyncIterator[str]:
    queries = engine(source, clock, limits)

    def tenant_of(_: web.Request) -> str:
        return "fake"

    routes = [
        *query.routes(queries, clock, tenant_of),
        *explore.routes(queries, clock, tenant_of),
        *tail.routes(Tails(queries, source.arrivals), clock, tenant_of),
    ]
    async with serving(routes, clock=clock) as port:
        yield f"http://127.0.0.1:{port}"
