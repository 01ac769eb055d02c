"""All that a port answers, moved below `--web.route-prefix`."""

from __future__ import annotations

from collections.abc import Iterable

from aiohttp import web


def below(prefix: str, routes: Iterable[web.RouteDef]) -> list[web.RouteDef]:
    """The routes below the prefix (`/path`, or nothing), and the ways that lead there from `/` and from the prefix."""
    if not prefix:
        return list(routes)

    async def home(_: web.Request) -> web.Response:
        return _redirect(302, "Found", prefix)

    async def inside(_: web.Request) -> web.Response:
        return _redirect(301, "Moved Permanently", f"{prefix}/")

    moved = [web.route(route.method, prefix + route.path, route.handler, **route.kwargs) for route in routes]
    return [web.get("/", home, allow_head=False), web.get(prefix, inside, allow_head=False), *moved]


def _redirect(status: int, reason: str, to: str) -> web.Response:
    """As Go writes one."""
    text = f'<a href="{to}">{reason}</a>.\n\n'
    return web.Response(status=status, text=text, content_type="text/html", headers={"Location": to})
