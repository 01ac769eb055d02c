"""Any exporter's page: over HTTP, and by a function call for scrapes of the same process.

Collecting blocks on small reads, so it runs in a worker, one collection at a time; whoever comes meanwhile waits,
and of more than `MAX_REQUESTS` the rest are turned away, as the originals do. Nothing can break off a worker: whoever
stops waiting leaves a collection behind that keeps its turn until it ends.
"""

from __future__ import annotations

import asyncio
import html
from collections.abc import Awaitable, Callable, Collection, Sequence
from http import HTTPStatus
from typing import Final, Protocol, TypeAlias

from aiohttp import web
from msgspec import Struct

from engine.foundation.errors import EngineError
from engine.foundation.workers import Workers
from exporters.exposition.families import Family
from exporters.exposition.negotiate import negotiate
from exporters.exposition.render import render

MAX_REQUESTS: Final = 40
_PLAIN: Final = "text/plain; charset=utf-8"
TEXT_ALONE: Final = frozenset(("node", "cadvisor", "process"))
"""Exporters whose originals answer in the older text format whatever is asked for: families keep their names in it,
where OpenMetrics takes `_total` off, and so what Prometheus knows of them stands under those names."""


class Exporter(Protocol):
    """Something that can tell its families."""

    def collect(self, only: Collection[str] | None = None) -> list[Family]:
        """The families now; `only` names parts. Raises EngineError for a part that it does not have."""


class Late:
    """An exporter that is made when it is asked for the first time: what it imports is not needed to start."""

    def __init__(self, make: Callable[[], Exporter]) -> None:
        self._make = make
        self._made: Exporter | None = None

    def collect(self, only: Collection[str] | None = None) -> list[Family]:
        if self._made is None:
            self._made = self._make()
        return self._made.collect(only)


class BusyError(EngineError):
    """Too many wait already."""


Collect: TypeAlias = Callable[[Sequence[str]], Awaitable[list[Family]]]
"""The families now, of all parts or of those named. Raises EngineError, BusyError."""


class Answer(Struct, frozen=True):
    """A page, whoever asked for it."""

    status: int
    content_type: str
    body: bytes


def in_turn(exporter: Exporter, workers: Workers, most: int = MAX_REQUESTS) -> Collect:
    """Collections of a blocking exporter, one after the other; `most` may wait at once, 0 being any number."""
    turn = asyncio.Lock()
    waiting = 0

    async def take_turn(only: Sequence[str]) -> list[Family]:
        try:
            return await workers.run(exporter.collect, only or None)
        finally:
            turn.release()

    async def collect(only: Sequence[str]) -> list[Family]:
        nonlocal waiting
        if 0 < most <= waiting:
            raise BusyError(f"Limit of concurrent requests reached ({most}), try again later.\n")
        waiting += 1
        try:
            await turn.acquire()
            return await asyncio.shield(take_turn(only))
        finally:
            waiting -= 1

    return collect


async def answer(collect: Collect, accept: str, only: Sequence[str]) -> Answer:
    """The page in the format that the `Accept` header asks for; `only` are the values of `collect[]`."""
    form = negotiate(accept)
    try:
        return Answer(HTTPStatus.OK, form.content_type, render(await collect(only), form))
    except BusyError as error:
        return Answer(HTTPStatus.SERVICE_UNAVAILABLE, _PLAIN, str(error).encode())
    except EngineError as error:
        return Answer(HTTPStatus.BAD_REQUEST, _PLAIN, str(error).encode())


def metrics(collect: Collect, path: str = "/metrics", *, text_alone: bool = False) -> web.RouteDef:
    """The page at `path`, with `?collect[]=NAME` to pick parts; `text_alone` is in the older format in any case."""

    async def page(request: web.Request) -> web.Response:
        accept = "" if text_alone else request.headers.get("Accept", "")
        found = await answer(collect, accept, request.query.getall("collect[]", []))
        response = web.Response(status=found.status, body=found.body, headers={"Content-Type": found.content_type})
        response.enable_compression()
        return response

    return web.get(path, page)


def landing(title: str, path: str = "/metrics") -> web.RouteDef:
    """A page at `/` that leads to the metrics at `path`."""
    shown = html.escape(title)
    head, link = f"<head><title>{shown}</title></head>", f'<p><a href="{html.escape(path)}">Metrics</a></p>'
    text = f"<!doctype html><html>{head}<body><h1>{shown}</h1>{link}</body></html>"

    async def page(_: web.Request) -> web.Response:
        return web.Response(text=text, content_type="text/html")

    return web.get("/", page)
