"""`/loki/api/v1/push`, the older `/api/prom/push`, and `/otlp/v1/logs`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from aiohttp import web

from engine.foundation.errors import RemoteError
from engine.foundation.workers import Workers
from engine.logs.errors import PushRefusedError
from engine.logs.push.json import Runs, from_json, from_old_json
from engine.logs.push.protobuf import from_snappy
from engine.logs.service import LogService
from engine.web.answers import plain
from engine.web.api.loki.answers import Handler, RefusedError, TenantOf, answering

_JSON: Final = "application/json"
_CODINGS: Final = frozenset({"", "gzip", "deflate", "snappy"})
_LARGE: Final = 64 << 10
"""Bytes that are read and kept elsewhere than in the event loop. What is smaller takes less than a ms, or 25 where it
is nothing but streams.
"""
_SLOWER: Final = 8
"""So many times as long does it take to read OTLP."""


def routes(service: LogService, workers: Workers, pushes: Workers, tenant_of: TenantOf) -> list[web.RouteDef]:
    """`pushes` is one thread, which has nothing else to do: a push does not wait for queries."""

    async def taken(tenant: str, size: int, read: Callable[[], Runs]) -> web.Response:
        if service.crowded:
            await workers.run(service.relieve)

        def work() -> None:
            service.intake.take(tenant, read(), {})

        try:
            if size < _LARGE:
                work()
            else:
                await pushes.run(work)
        except PushRefusedError:
            raise
        except RemoteError as error:
            raise RefusedError(str(error)) from None
        return web.Response(status=204)

    def pushing(read_json: Callable[[bytes], Runs]) -> Handler:
        async def push(request: web.Request) -> web.Response:
            tenant = tenant_of(request)
            read = _reading(request, read_json)
            body = await request.read()
            return await taken(tenant, len(body), lambda: read(body))

        return _refusing(push)

    async def otlp(request: web.Request) -> web.Response:
        from engine.remote.otlp.logs import runs_of  # noqa: PLC0415 - few send such requests

        tenant = tenant_of(request)
        kind, body = request.headers.get("Content-Type", ""), await request.read()
        now = service.clock.now_ns()
        return await taken(tenant, _SLOWER * len(body), lambda: runs_of(kind, body, now))

    return [
        web.post("/loki/api/v1/push", pushing(from_json)),
        web.post("/api/prom/push", pushing(from_old_json)),
        web.post("/otlp/v1/logs", _refusing(otlp)),
    ]


def _reading(request: web.Request, read_json: Callable[[bytes], Runs]) -> Callable[[bytes], Runs]:
    """By the kind of the body; what compressed it has been undone already, but for snappy. Raises RefusedError."""
    coding = request.headers.get("Content-Encoding", "")
    if coding not in _CODINGS:
        raise RefusedError(f'Content-Encoding "{coding}" not supported')
    kind = request.headers.get("Content-Type", "")
    if not kind:
        raise RefusedError("mime: no media type")
    return read_json if kind.partition(";")[0].strip().lower() == _JSON else from_snappy


def _refusing(handler: Handler) -> Handler:
    """Errors end with a line feed here, and here alone."""

    async def answer(request: web.Request) -> web.StreamResponse:
        try:
            return await handler(request)
        except (RefusedError, PushRefusedError) as error:
            return plain(error.status, str(error))

    return answering(answer)
