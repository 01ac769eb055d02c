"""The connections of one listening socket: how many at once, in which TLS, and how long each may take to say what it
wants.

As Go's `LimitListener` and `ReadTimeout`: beyond the limit a connection waits in the system's queue until another has
ended, and one that has not told its whole request in time is closed. The context of TLS is asked for at each
connection, so that certificates can be changed while the server runs.
"""

from __future__ import annotations

import asyncio
import logging
import socket
import ssl
from collections.abc import Callable
from typing import Final

from aiohttp import web
from aiohttp.typedefs import Handler
from msgspec import Struct

from engine.foundation.clock import Clock
from engine.foundation.errors import ConfigError

_LOOKS: Final = 10
"""How often in a read timeout the connections are looked at."""
_PAUSE_SECONDS: Final = 0.1  # after the system had no room for a connection

_FOREVER_SECONDS: Final = 1e9

Context = Callable[[], ssl.SSLContext]
"""For the next connection. Raises ConfigError."""

log = logging.getLogger(__name__)


class Limits(Struct, frozen=True):
    """Of one listening socket; 0 seconds are any time, as in Go."""

    read_timeout_seconds: float
    connections: int

    @property
    def patience_seconds(self) -> float:
        """The time of what has no other: a handshake, and a connection without a request."""
        return self.read_timeout_seconds or _FOREVER_SECONDS


DEFAULT_LIMITS: Final = Limits(300.0, 512)


class Connections:
    """Accepts connections for as long as `accept` runs."""

    def __init__(
        self,
        make: Callable[[], asyncio.Protocol],
        bound: socket.socket,
        clock: Clock,
        limits: Limits,
        context: Context | None = None,
    ) -> None:
        """`make` gives the protocol that answers; without `context` no TLS is spoken."""
        self._make = make
        self._bound = bound
        self._clock = clock
        self._limits = limits
        self._context = context
        self._open: set[_Connection] = set()
        self._room = asyncio.Semaphore(limits.connections)

    async def accept(self) -> None:
        """Go on until cancelled."""
        async with asyncio.TaskGroup() as group:
            if self._limits.read_timeout_seconds:
                group.create_task(self._look())
            while True:
                await self._room.acquire()
                try:
                    accepted, _ = await asyncio.get_running_loop().sock_accept(self._bound)
                except OSError as error:  # too many open files, say
                    self._room.release()
                    log.warning("can't accept connections: %s", error.strerror)
                    await self._clock.sleep(_PAUSE_SECONDS)
                else:
                    group.create_task(self._begin(accepted))

    async def _begin(self, accepted: socket.socket) -> None:
        connection = _Connection(self._make(), self._clock, self._ended)
        self._open.add(connection)
        try:
            accepted.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            context = self._context() if self._context is not None else None
            await asyncio.get_running_loop().connect_accepted_socket(
                lambda: connection,
                accepted,
                ssl=context,
                ssl_handshake_timeout=None if context is None else self._limits.patience_seconds,
            )
        except (OSError, ConfigError) as error:  # a handshake that failed, or a file that makes no sense any more
            log.log(logging.ERROR if isinstance(error, ConfigError) else logging.DEBUG, "%s", error)
            accepted.close()
            self._ended(connection)

    def _ended(self, connection: _Connection) -> None:
        if connection in self._open:
            self._open.remove(connection)
            self._room.release()

    async def _look(self) -> None:
        """Close what takes too long."""
        allowed = self._limits.read_timeout_seconds
        while True:
            await self._clock.sleep(allowed / _LOOKS)
            for connection in list(self._open):
                connection.close_if_waiting_since(self._clock.monotonic() - allowed)


class _Connection(asyncio.Protocol):
    """Passes everything on, and notes since when a request is being told."""

    __slots__ = ("_answering", "_clock", "_ended", "_inner", "_since", "_transport")

    def __init__(self, inner: asyncio.Protocol, clock: Clock, ended: Callable[[_Connection], None]) -> None:
        self._inner = inner
        self._clock = clock
        self._ended = ended
        self._since: float | None = None
        self._answering = False
        self._transport: asyncio.Transport | None = None

    def told(self) -> None:
        """The request is here as a whole, and is being answered."""
        self._since, self._answering = None, True

    def answered(self) -> None:
        """What came meanwhile is the next request, and its time begins now."""
        self._answering = False
        if self._since is not None:
            self._since = self._clock.monotonic()

    def close_if_waiting_since(self, time: float) -> None:
        if self._since is None or self._answering or self._transport is None:
            return
        if self._transport.get_write_buffer_size():  # the answer before is still on its way
            self._since = self._clock.monotonic()
        elif self._since < time:
            self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._since = self._clock.monotonic()
        self._inner.connection_made(transport)

    def data_received(self, data: bytes) -> None:
        if self._since is None:
            self._since = self._clock.monotonic()
        self._inner.data_received(data)

    def eof_received(self) -> bool | None:
        return self._inner.eof_received()

    def pause_writing(self) -> None:
        self._inner.pause_writing()

    def resume_writing(self) -> None:
        self._inner.resume_writing()

    def connection_lost(self, exc: Exception | None) -> None:
        self._ended(self)
        self._inner.connection_lost(exc)


@web.middleware
async def timed(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Reads the whole request before it is answered, which ends the time that it may take."""
    if request.can_read_body:
        await request.read()
    connection = None if request.transport is None else request.transport.get_protocol()
    if not isinstance(connection, _Connection):
        return await handler(request)
    connection.told()
    try:
        return await handler(request)
    finally:
        connection.answered()
