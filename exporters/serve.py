"""Any exporter over HTTP: `/metrics`, with `?collect[]=NAME` to pick parts, and a page at `/` that leads there.

Collecting blocks on small reads, so it runs in a worker, one collection at a time; whoever comes meanwhile waits,
and of more than `MAX_REQUESTS` the rest are turned away, as the originals do.
"""

from __future__ import annotations

import asyncio
import html
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from http import HTTPStatus
from typing import Final, Protocol

from aiohttp import web

from engine.foundation.errors import EngineError
from engine.foundation.workers import Workers
from exporters.exposition.families import Family
from exporters.exposition.negotiate import negotiate
from exporters.exposition.render import render

MAX_REQUESTS: Final = 40


class Exporter(Protocol):
    """Something that can tell its families."""

    def collect(self, only: Collection[str] | None = None) -> list[Family]:
        """The families now; `only` names parts. Raises EngineError for a part that it does not have."""


class Handlers:
    """The answers of one exporter."""

    def __init__(self, exporter: Exporter, workers: Workers, title: str) -> None:
        self._exporter = exporter
        self._workers = workers
        self._title = title
        self._turn = asyncio.Lock()
        self._waiting = 0

    async def metrics(self, request: web.Request) -> web.Response:
        if self._waiting >= MAX_REQUESTS:
            text = f"Limit of concurrent requests reached ({MAX_REQUESTS}), try again later.\n"
            return web.Response(text=text, status=HTTPStatus.SERVICE_UNAVAILABLE)
        form = negotiate(request.headers.get("Accept", ""))
        try:
            families = await self._collect(request.query.getall("collect[]", []))
        except EngineError as error:
            return web.Response(text=str(error), status=HTTPStatus.BAD_REQUEST)
        page = web.Response(body=render(families, form), headers={"Content-Type": form.content_type})
        page.enable_compression()
        return page

    async def landing(self, _request: web.Request) -> web.Response:
        title = html.escape(self._title)
        head, link = f"<head><title>{title}</title></head>", '<p><a href="/metrics">Metrics</a></p>'
        text = f"<!doctype html><html>{head}<body><h1>{title}</h1>{link}</body></html>"
        return web.Response(text=text, content_type="text/html")

    async def _collect(self, only: list[str]) -> list[Family]:
        self._waiting += 1
        try:
            async with self._turn:
                return await self._workers.run(self._exporter.collect, only or None)
        finally:
            self._waiting -= 1


def application(exporter: Exporter, workers: Workers, title: str) -> web.Application:
    """The exporter as an application of its own; `title` heads its page."""
    handlers = Handlers(exporter, workers, title)
    app = web.Application()
    app.router.add_get("/", handlers.landing)
    app.router.add_get("/metrics", handlers.metrics)
    return app


@asynccontextmanager
async def listening(app: web.Application, host: str, port: int) -> AsyncIterator[int]:
    """Serve for as long as the block runs; gives the port, which is a free one for 0. Raises OSError."""
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        site = web.TCPSite(runner, host, port)
        await site.start()
        yield int(runner.addresses[0][1])
    finally:
        await runner.cleanup()
