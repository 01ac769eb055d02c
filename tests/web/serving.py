"""Routes that answer on loopback for as long as a block runs."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager

from aiohttp import web

from engine.foundation.clock import Clock, SystemClock
from engine.foundation.supervise import Supervisor
from engine.web.counts import HttpCounts
from engine.web.server import Listener, Serving, application, bind, free_port_of, running


@asynccontextmanager
async def serving(
    routes: Iterable[web.RouteDef], how: Serving | None = None, clock: Clock | None = None
) -> AsyncIterator[int]:
    """Gives the port."""
    listener, clock, how = Listener("prometheus", "127.0.0.1", 0), clock or SystemClock(), how or plainly()
    bound, supervisor = bind(listener), Supervisor(clock)
    async with running(application(routes, listener, clock, how), bound, clock, supervisor, how):
        yield free_port_of(bound)


def plainly(counts: HttpCounts | None = None) -> Serving:
    """Without anything that flags ask for."""
    return Serving(counts=counts or HttpCounts())
