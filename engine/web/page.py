"""The page for people: one application of JavaScript, the same at every port, that asks the APIs.

It is built from `ui/` into `static/`, where names carry hashes, so a browser may keep what it has for ever. Nothing is
loaded from elsewhere, and the browser is told to hold to that.
"""

from __future__ import annotations

import html
import json
import zlib
from collections.abc import Awaitable, Callable, Sequence
from functools import cache
from mimetypes import guess_type
from pathlib import Path
from typing import Final

import msgspec
from aiohttp import web
from msgspec import Struct
from msgspec.structs import asdict

from engine.web.answers import NO_SNIFFING, plain

PATHS: Final = (
    "/graph",
    "/query",
    "/explore",
    "/logs",
    "/dashboards",
    "/d/{uid}",
    "/d/{uid}/{slug}",
    "/alerts",
    "/silences",
    "/routes",
    "/rules",
    "/targets",
    "/service-discovery",
    "/status",
    "/config",
    "/flags",
    "/tsdb-status",
    "/login",
)
"""Those of the original's page lead to the same here."""
_VIEWS: Final = {
    "/graph": "Explore",
    "/query": "Explore",
    "/logs": "Logs",
    "/dashboards": "Boards",
    "/d/{uid}": "Board",
    "/d/{uid}/{slug}": "Board",
}
"""Those that are files of their own: a browser is told of them before it has read the first one."""
ALERTING_PATHS: Final = ("/", "/alerts", "/silences", "/routes")
AGENT_PATHS: Final = ("/agent", "/targets", "/service-discovery", "/status", "/config", "/flags")
"""Those of the original's agent."""

_STATIC: Final = Path(__file__).parent / "static"
_SAFE: Final = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self' ws: wss:; font-src 'self'; base-uri 'self'; form-action 'self'; frame-ancestors 'self'",
    "Referrer-Policy": "same-origin",
    **NO_SNIFFING,
}
_FOR_EVER: Final = {"Cache-Control": "public, max-age=31536000, immutable", "Vary": "Accept-Encoding", **NO_SNIFFING}
_TEXTS: Final = frozenset({"text/javascript", "application/javascript", "text/css", "text/plain"})
_GZIP: Final = 16 + zlib.MAX_WBITS


class About(Struct, frozen=True):
    """What the page is told of the port that it comes from; `first` leads to the first port from another one, and
    `line_rules` is whether rules over lines can be asked about here.
    """

    component: str
    title: str
    version: str
    prefix: str = ""
    first: str = ""
    line_rules: bool = False


def routes(about: Callable[[], About], paths: Sequence[str] = PATHS) -> list[web.RouteDef]:
    """The page at each of its paths, and what it is made of; `about` is asked whenever it is opened."""

    def page(view: str) -> Callable[[web.Request], Awaitable[web.Response]]:
        async def opened(_: web.Request) -> web.Response:
            return web.Response(text=_document(about(), view), content_type="text/html", headers=_SAFE)

        return opened

    async def home(_: web.Request) -> web.Response:
        return web.Response(status=302, headers={"Location": f"{about().prefix}{paths[0]}"})

    async def asset(request: web.Request) -> web.Response:
        return _asset(request.match_info["name"], gzip="gzip" in request.headers.get("Accept-Encoding", ""))

    opened = [] if "/" in paths else [web.get("/", home)]
    return [*opened, *(web.get(path, page(_VIEWS.get(path, ""))) for path in paths), web.get("/assets/{name}", asset)]


@cache
def _document(about: About, view: str) -> str:
    parts = msgspec.json.decode((_STATIC / "index.json").read_bytes())
    told = html.escape(json.dumps(asdict(about)))
    preloads = "".join(
        f'<link rel="modulepreload" href="assets/{name}">'
        for name in [*parts["preload"], *parts["views"].get(view, ())]
    )
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        f'<base href="{html.escape(about.prefix)}/"><title>{html.escape(about.title)}</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<meta name="engine" content="{told}"><link rel="icon" href="data:,">'
        f'<link rel="stylesheet" href="assets/{parts["style"]}">{preloads}'
        f'<script type="module" src="assets/{parts["script"]}"></script></head>'
        '<body><div id="app"></div><noscript>This page needs JavaScript; the APIs below /api/v1 do not.</noscript>'
        "</body></html>"
    )


def _asset(name: str, *, gzip: bool) -> web.Response:
    if name not in _names():
        return plain(404, "404 page not found")
    kind = guess_type(name)[0] or "application/octet-stream"
    if not gzip or kind not in _TEXTS:
        return web.Response(body=(_STATIC / name).read_bytes(), content_type=kind, headers=_FOR_EVER)
    return web.Response(body=_packed(name), content_type=kind, headers={**_FOR_EVER, "Content-Encoding": "gzip"})


@cache
def _names() -> frozenset[str]:
    """What was built; nothing else of the disk can be asked for."""
    return frozenset(path.name for path in _STATIC.iterdir())


@cache
def _packed(name: str) -> bytes:
    """Half a megabyte in all, packed once each."""
    packer = zlib.compressobj(9, wbits=_GZIP)
    return packer.compress((_STATIC / name).read_bytes()) + packer.flush()
