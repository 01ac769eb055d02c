"""Listening, and what every request passes first.

Laws: a page in the user's browser must not be able to drive the engine. So a request's Host must name this
machine (an IP address, `localhost`, a dotless service name, or the host of the external URL) wherever we
listen on loopback alone; other origins get no CORS answer; and a write that names a foreign Origin gets 403.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlsplit

import psutil
from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from engine.foundation.delivery import is_loopback
from engine.foundation.errors import ConfigError

_READS: Final = frozenset({"GET", "HEAD", "OPTIONS"})
_MAX_BODY: Final = 64 * 1024 * 1024


class PortTakenError(ConfigError):
    """Somebody else listens there; the text says who, where that can be seen."""


@dataclass(slots=True)
class HttpCounts:
    """Requests by (handler, status code), seconds and bytes by handler."""

    requests: dict[tuple[str, int], int] = field(default_factory=dict)
    bytes_sent: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Listener:
    """Where a component listens."""

    component: str
    host: str
    port: int

    @property
    def loopback(self) -> bool:
        return is_loopback(self.host)

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"


def application(
    routes: Iterable[web.RouteDef], listener: Listener, counts: HttpCounts, *, external_host: str = "", prefix: str = ""
) -> web.Application:
    """One component's HTTP application, guarded and counted; `prefix` is put before every path."""
    app = web.Application(
        middlewares=[_counting(counts), _guard(listener, external_host), _plain_errors], client_max_size=_MAX_BODY
    )
    app.add_routes([web.route(r.method, prefix + r.path, r.handler, **r.kwargs) for r in routes])
    return app


@asynccontextmanager
async def running(app: web.Application, bound: socket.socket) -> AsyncIterator[None]:
    """The application answers on a bound socket for as long as the block runs."""
    runner = web.AppRunner(app, access_log=None, handle_signals=False, shutdown_timeout=1.0)
    await runner.setup()
    try:
        await web.SockSite(runner, bound).start()
        yield
    finally:
        await runner.cleanup()


def bind(listener: Listener) -> socket.socket:
    """The listening socket. Raises PortTakenError, ConfigError."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            listener.host or None, listener.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
    except OSError as error:
        raise ConfigError(f"can't listen on {listener}: {error.strerror}") from None
    made = socket.socket(family, kind, protocol)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        made.bind(address)
        made.listen(1024)
    except PermissionError:
        made.close()
        raise ConfigError(f"can't listen on {listener}: the system does not permit this port") from None
    except OSError as error:
        made.close()
        raise PortTakenError(f"can't listen on {listener}: {_holder(listener.port) or error.strerror}") from None
    made.setblocking(False)
    return made


def _holder(port: int) -> str:
    """Who listens on a port, as far as this user may see."""
    try:
        found = next(
            c for c in psutil.net_connections("tcp") if c.status == "LISTEN" and c.laddr and c.laddr.port == port
        )
        return f"taken by {psutil.Process(found.pid).name()} (pid {found.pid})" if found.pid else "taken"
    except (StopIteration, psutil.Error, OSError):
        return "taken by another process"


def _guard(listener: Listener, external_host: str) -> Middleware:
    @web.middleware
    async def guard(request: web.Request, handler: Handler) -> web.StreamResponse:
        if listener.loopback and not _own_host(request.host, external_host):
            raise web.HTTPForbidden(text=f"the Host header {request.host!r} does not name this machine\n")
        origin = request.headers.get("Origin")
        if origin and request.method not in _READS and not _same_origin(origin, request.host):
            raise web.HTTPForbidden(text=f"writes from the origin {origin!r} are not accepted\n")
        response = await handler(request)
        if origin and _same_origin(origin, request.host):
            response.headers["Access-Control-Allow-Origin"] = origin
            response.headers["Vary"] = "Origin"
        return response

    return guard


def _own_host(host: str, external_host: str) -> bool:
    name = urlsplit(f"//{host}").hostname or ""
    if "." not in name or name == external_host or name.endswith(".localhost"):
        return True
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def _same_origin(origin: str, host: str) -> bool:
    """The same host; ports of one machine are one owner here, since each component has its own."""
    return urlsplit(origin).hostname == urlsplit(f"//{host}").hostname


@web.middleware
async def _plain_errors(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Unknown paths and methods are answered in Go's words."""
    try:
        return await handler(request)
    except web.HTTPNotFound:
        return web.Response(status=404, text="404 page not found\n")
    except web.HTTPMethodNotAllowed as error:
        return web.Response(status=405, text="Method Not Allowed\n", headers={"Allow": error.headers.get("Allow", "")})


def _counting(counts: HttpCounts) -> Middleware:
    @web.middleware
    async def count(request: web.Request, handler: Handler) -> web.StreamResponse:
        status = 500
        try:
            response = await handler(request)
            status = response.status
        except web.HTTPException as error:
            status = error.status
            raise
        finally:
            resource = request.match_info.route.resource
            name = resource.canonical if resource is not None else "unknown"
            counts.requests[name, status] = counts.requests.get((name, status), 0) + 1
        counts.bytes_sent[name] = counts.bytes_sent.get(name, 0) + (response.body_length or 0)
        return response

    return count


def parse_listen(component: str, text: str) -> Listener:
    """`HOST:PORT`, `:PORT` or `[::1]:PORT`. Raises ConfigError."""
    host, colon, port = text.rpartition(":")
    if not colon or not port.isdigit() or int(port) > 65535:
        raise ConfigError(f"--listen {component}={text}: want HOST:PORT, for example 127.0.0.1:9090")
    return Listener(component, host.strip("[]") or "0.0.0.0", int(port))  # noqa: S104 - what `:PORT` means


def free_port_of(bound: socket.socket) -> int:
    """The port of a socket that was bound to port 0."""
    address: Sequence[object] = bound.getsockname()
    return int(str(address[1]))
