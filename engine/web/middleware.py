"""What every request passes before it is answered.

Laws: a page in the user's browser must not be able to drive the engine. So a request's Host must name this
machine (an IP address, `localhost`, a dotless service name, or the host of the external URL) wherever we
listen on loopback alone; other origins get no CORS answer; and a write that names a foreign Origin gets 403.
And a client that hangs up ends what it only wanted to read; what it began to change goes on to its end.
"""

from __future__ import annotations

import asyncio
import ipaddress
import posixpath
import re
from collections.abc import Iterable
from functools import cache, lru_cache
from types import MappingProxyType
from typing import Final
from urllib.parse import urlsplit

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from engine.foundation.clock import Clock
from engine.foundation.regexes import Regex
from engine.web.answers import NO_SNIFFING, plain
from engine.web.counts import HttpCounts

_READS: Final = frozenset({"GET", "HEAD", "OPTIONS"})
_READ_BY_POST: Final = (
    "/api/v1/query",
    "/api/v1/query_range",
    "/api/v1/query_exemplars",
)
"""Long ones are sent as forms."""
_CORS: Final = MappingProxyType(
    {
        "Access-Control-Allow-Headers": "Accept, Authorization, Content-Type, Origin",
        "Access-Control-Allow-Methods": "GET, POST, OPTIONS",
        "Access-Control-Expose-Headers": "Date",
        "Vary": "Origin",
    }
)
_LOOPBACK: Final = ("localhost", "127.0.0.1", "::1")
_HUNG_UP: Final = 499
_PARAMETER: Final = re.compile(r"\{(\w+)\}")  # noqa: TID251 - ours, linear


def counting(counts: HttpCounts, clock: Clock) -> Middleware:
    """Counts requests for paths that exist."""

    @web.middleware
    async def count(request: web.Request, handler: Handler) -> web.StreamResponse:
        resource = request.match_info.route.resource
        if resource is None:
            return await handler(request)
        name, began = _pattern(resource.canonical), clock.monotonic()
        status, size, method = 500, 0, request.method.lower()
        counts.begin(method)
        try:
            response = await handler(request)
            status, size = response.status, _size(response)
            return response
        except asyncio.CancelledError:
            status = _HUNG_UP
            raise
        finally:
            counts.add(name, method, status, clock.monotonic() - began, size)

    return count


def guarding(*, loopback: bool, external_host: str, origins: Regex | None = None) -> Middleware:
    """Refuses what another machine's page could have sent; `loopback`: we listen there alone.

    Pages of the `origins` that were named may do what own ones may, and may read what Prometheus lets them: the API.
    """
    anybody = origins is not None and origins.pattern == ".*"

    @web.middleware
    async def guard(request: web.Request, handler: Handler) -> web.StreamResponse:
        if loopback and not _own_host(request.host, external_host):
            return web.Response(status=403, text=f"the Host header {request.host!r} does not name this machine\n")
        origin = request.headers.get("Origin", "")
        own = _same_host(origin, request.host)
        named = origins is not None and bool(origin) and origins.matches(origin)
        if origin and not (own or named) and request.method not in _READS:
            return web.Response(status=403, text=f"writes from the origin {origin!r} are not accepted\n")
        response = await handler(request)
        if own or (origin and origins is not None and "/api/" in request.path):
            response.headers.update(_CORS)
            if own or named:
                response.headers["Access-Control-Allow-Origin"] = "*" if anybody else origin
        return response

    return guard


@web.middleware
async def plain_errors(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Unknown paths and methods are answered in Go's words."""
    try:
        return await handler(request)
    except web.HTTPNotFound:
        return _not_found(request)
    except web.HTTPMethodNotAllowed as error:
        if set(error.allowed_methods) == {"OPTIONS"}:  # which is answered below the API, whether a path is there or not
            return _not_found(request)
        allow = {"Allow": allowed(error.allowed_methods)}
        if request.method == "OPTIONS":
            return web.Response(headers=allow)
        return web.Response(status=405, text="Method Not Allowed\n", headers={**allow, **NO_SNIFFING})
    except web.RequestPayloadError:
        return plain(400, f"the body is not what Content-Encoding says: {request.headers.get('Content-Encoding', '')}")
    except web.HTTPException as error:  # a body that is too large, say
        return plain(error.status, error.reason)


@web.middleware
async def finishing(request: web.Request, handler: Handler) -> web.StreamResponse:
    """A write is not broken off when its client hangs up."""
    if request.method in _READS or request.path.endswith(_READ_BY_POST):
        return await handler(request)
    return await asyncio.shield(handler(request))


def _not_found(request: web.Request) -> web.Response:
    """Doubled slashes and dots lead to the path without them."""
    path, mark, query = request.raw_path.partition("?")
    clean = posixpath.normpath("/" + path.lstrip("/"))
    if path.endswith("/") and clean != "/":
        clean += "/"
    if clean != path:
        return web.Response(status=301, headers={"Location": clean + mark + query})
    return plain(404, "404 page not found")


def allowed(methods: Iterable[str]) -> str:
    """The `Allow` header."""
    return ", ".join(sorted({*methods, "OPTIONS"}))


@cache
def _pattern(canonical: str) -> str:
    """A path as requests are counted by it: `/label/:name`."""
    return _PARAMETER.sub(r":\1", canonical)


def _size(response: web.StreamResponse) -> int:
    body = response.body if isinstance(response, web.Response) else None
    return len(body) if isinstance(body, bytes | bytearray) else 0


@lru_cache(maxsize=100)
def _own_host(host: str, external_host: str) -> bool:
    name = _hostname(host)
    if "." not in name or name == external_host or name.endswith(".localhost"):
        return True
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def _same_host(origin: str, host: str) -> bool:
    """Ports of one machine are one owner here, since each component has its own; its own names mean the same."""
    return bool(origin) and _owner(origin.partition("://")[2]) == _owner(host)


def _owner(host: str) -> str:
    name = _hostname(host)
    return "localhost" if name in _LOOPBACK else name


def _hostname(host: str) -> str:
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:  # brackets without an address
        return ""
