"""Listening: sockets that are bound before anything else runs, and the applications that answer at them."""

from __future__ import annotations

import errno
import socket
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from typing import Final

import psutil
from aiohttp import web
from msgspec import Struct

from engine.foundation.clock import Clock
from engine.foundation.delivery import is_loopback
from engine.foundation.errors import ConfigError
from engine.foundation.regexes import Regex
from engine.foundation.supervise import Supervisor
from engine.web.access import WebAccess
from engine.web.connections import DEFAULT_LIMITS, Connections, Limits, timed
from engine.web.counts import HttpCounts
from engine.web.middleware import counting, finishing, guarding, plain_errors

_MAX_BODY: Final = 64 * 1024 * 1024
_MOST_LINE: Final = 1024 * 1024
"""Bytes of the line of a request: what a whole head may have in Go, so that long queries pass."""
_MOST_FIELD: Final = 64 * 1024
"""Bytes of a header, of which there may be many."""


class Listener(Struct, frozen=True):
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


class Serving(Struct, frozen=True, kw_only=True):
    """How one port answers. `origins` are those whose pages may read; None leaves it to this machine's own."""

    counts: HttpCounts
    external_host: str = ""
    origins: Regex | None = None
    limits: Limits = DEFAULT_LIMITS
    access: WebAccess | None = None

    @property
    def scheme(self) -> str:
        return "https" if self.access is not None and self.access.speaks_tls else "http"


def application(routes: Iterable[web.RouteDef], listener: Listener, clock: Clock, how: Serving) -> web.Application:
    """One component's HTTP application, guarded and counted."""
    guard = guarding(loopback=listener.loopback, external_host=how.external_host, origins=how.origins)
    middlewares = [counting(how.counts, clock), guard, plain_errors, timed, finishing]
    if how.access is not None:
        middlewares.insert(0, how.access.middleware())
    app = web.Application(middlewares=middlewares, client_max_size=_MAX_BODY)
    if how.access is not None:
        app.on_response_prepare.append(how.access.add_headers)
    app.add_routes(routes)
    return app


@asynccontextmanager
async def running(
    app: web.Application, bound: socket.socket, clock: Clock, supervisor: Supervisor, how: Serving
) -> AsyncIterator[None]:
    """The application answers on a bound socket for as long as the block runs."""
    runner = web.AppRunner(
        app,
        access_log=None,
        handle_signals=False,
        handler_cancellation=True,
        shutdown_timeout=1.0,
        keepalive_timeout=how.limits.patience_seconds,
        max_line_size=_MOST_LINE,
        max_field_size=_MOST_FIELD,
    )
    await runner.setup()
    assert runner.server is not None
    context = how.access.context if how.access is not None and how.scheme == "https" else None
    connections = Connections(runner.server, bound, clock, how.limits, context)
    accepting = supervisor.start(f"accept at {bound.getsockname()}", connections.accept)
    try:
        yield
    finally:
        await supervisor.stop(accepting)
        bound.close()
        await runner.cleanup()


def bind(listener: Listener) -> socket.socket:
    """The listening socket. Raises ConfigError, which says who else listens there, where that can be seen."""
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
    except OSError as error:
        made.close()
        raise ConfigError(f"can't listen on {listener}: {_obstacle(error, listener.port)}") from None
    made.setblocking(False)
    return made


def parse_listen(component: str, text: str) -> Listener:
    """`HOST:PORT`, `:PORT` or `[::1]:PORT`. Raises ConfigError."""
    host, colon, port = text.rpartition(":")
    if not colon or not (port.isascii() and port.isdigit()) or int(port) > 65535:
        raise ConfigError(f"--listen {component}={text}: want HOST:PORT, for example 127.0.0.1:9090")
    return Listener(component, host.strip("[]") or "0.0.0.0", int(port))  # noqa: S104 - what `:PORT` means


def free_port_of(bound: socket.socket) -> int:
    """The port of a socket that was bound to port 0."""
    address: Sequence[object] = bound.getsockname()
    return int(str(address[1]))


def _obstacle(error: OSError, port: int) -> str:
    match error.errno:
        case errno.EADDRINUSE:
            return _holder(port)
        case errno.EACCES:
            return "the system does not permit this port"
        case _:
            return error.strerror or str(error)


def _holder(port: int) -> str:
    """Who listens on a port, as far as this user may see."""
    try:
        found = next(
            c for c in psutil.net_connections("tcp") if c.status == "LISTEN" and c.laddr and c.laddr.port == port
        )
        return f"taken by {psutil.Process(found.pid).name()} (pid {found.pid})" if found.pid else "taken"
    except (StopIteration, psutil.Error, OSError):
        return "taken by another process"
