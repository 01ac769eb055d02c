"""`/ready`, `/services`, `/config`, `/flush` and their like."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from aiohttp import web

from engine.foundation.gojson import encode
from engine.foundation.workers import Workers
from engine.logs.service import LogService
from engine.web.api.loki.answers import answering, json

_SERVICES: Final = (
    "compactor", "distributor", "ingester", "querier", "query-frontend", "ruler", "server", "store",
)  # fmt: skip


def routes(
    service: LogService, workers: Workers, *, build: Mapping[str, str], config: Callable[[], str]
) -> list[web.RouteDef]:
    """`config` gives the configuration in force as YAML."""

    async def ready(_: web.Request) -> web.Response:
        return web.Response(text="ready\n")

    async def services(_: web.Request) -> web.Response:
        return web.Response(text="".join(f"{name} => Running\n" for name in _SERVICES))

    async def show(_: web.Request) -> web.Response:
        return web.Response(text=config(), content_type="text/yaml")

    async def buildinfo(_: web.Request) -> web.Response:
        return json(encode(build))

    async def flush(_: web.Request) -> web.Response:
        await workers.run(service.store.seal)
        return web.Response(status=204)

    flushes = [web.route(method, path, answering(flush)) for method, path in (("GET", "/flush"), ("POST", "/flush"))]
    return [
        web.get("/ready", ready),
        web.get("/services", services),
        web.get("/config", show),
        web.get("/loki/api/v1/status/buildinfo", buildinfo),
        *flushes,
    ]
