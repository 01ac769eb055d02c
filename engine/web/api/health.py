"""`/-/healthy`, `/-/ready`, `/-/reload`, `/-/quit`: the same words as Prometheus."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from aiohttp import web

from engine.foundation.errors import EngineError
from engine.web.answers import plain


def routes(*, reload: Callable[[], Awaitable[None]], quit_: Callable[[], None], lifecycle: bool) -> list[web.RouteDef]:
    """`reload` raises EngineError and then has changed nothing; without `lifecycle` both writes answer 403."""

    async def healthy(_: web.Request) -> web.Response:
        return web.Response(text="Prometheus Server is Healthy.\n")

    async def ready(_: web.Request) -> web.Response:
        return web.Response(text="Prometheus Server is Ready.\n")

    async def do_reload(_: web.Request) -> web.Response:
        try:
            await reload()
        except EngineError as error:
            return plain(500, f"failed to reload config: {error}")
        return web.Response()

    async def do_quit(_: web.Request) -> web.Response:
        quit_()
        return web.Response(text="Requesting termination... Goodbye!")

    async def disabled(_: web.Request) -> web.Response:
        return web.Response(status=403, text="Lifecycle API is not enabled.")

    async def only_writes(_: web.Request) -> web.Response:
        return web.Response(status=405, text="Only POST or PUT requests allowed")

    writes = (("/-/reload", do_reload), ("/-/quit", do_quit))
    return [
        web.get("/-/healthy", healthy),
        web.get("/-/ready", ready),
        *(web.route(m, path, call if lifecycle else disabled) for path, call in writes for m in ("POST", "PUT")),
        *(web.get(path, only_writes, allow_head=False) for path, _ in writes),
    ]
