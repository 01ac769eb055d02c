"""`/status/discovery`: sources of targets that can't be used now, and why. An endpoint of ours."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from aiohttp import web

from engine.web.api.envelope import success


def routes(faults: Callable[[], Mapping[str, str]]) -> list[web.RouteDef]:
    """`faults` are by source; the targets that such a source told before stay."""

    async def failing(_: web.Request) -> web.Response:
        return success({"failing": [{"source": name, "error": text} for name, text in sorted(faults().items())]})

    return [web.get("/status/discovery", failing)]
