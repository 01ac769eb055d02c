"""GETs over kept connections, in the plain case: no TLS, no proxy.

Nearly every scrape is one, and a client for everything costs more than the rest of a small scrape. Law: what comes
back is what `engine.foundation.http_client` would have got. Whatever is out of the ordinary (no connection, an answer
that can't be read) is None, and that client asks again and finds the words.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from typing import Final

from msgspec import Struct

from engine.foundation.http_answer import Answer, AnswerReader, IrregularError, TooLongError
from engine.foundation.http_proxy import as_address

_EXPECTED: Final = ("", "identity", "gzip")


class LateBodyError(Exception):
    """Time was up when the headers were there, but not the whole body."""


class Question(Struct, frozen=True):
    """Where to, and the whole request. `seconds` for all of it; a body of more than `limit` bytes is too long (0: any).

    The connection is not kept if `last`, which the request has to say as well.
    """

    host: str
    port: int
    request: bytes
    seconds: float
    limit: int = 0
    last: bool = False


class PlainClient:
    """Owned by an HttpClient. Connections without use for so many seconds are closed."""

    def __init__(self, idle_seconds: float) -> None:
        self._idle_seconds = idle_seconds
        self._idle: defaultdict[tuple[str, int], list[_Connection]] = defaultdict(list)
        self._sweeping: asyncio.TimerHandle | None = None

    async def ask(self, question: Question) -> Answer | None:
        """The answer, its body as it was sent. Raises TimeoutError, LateBodyError, TooLongError; EOFError inside it."""
        loop = asyncio.get_running_loop()
        until = loop.time() + question.seconds
        while True:
            connection, used = self._kept(question), True
            if connection is None:
                try:
                    connection, used = await self._connected(question, until), False
                except TimeoutError:
                    raise
                except (OSError, UnicodeError):  # no connection, or a name that DNS can't hold
                    return None
            answer = await self._answer(connection, question, until)
            if answer is not None or not used:
                break  # a kept connection may have been closed meanwhile: then another one is tried
        if answer is None or answer.headers.get("content-encoding", "").lower() not in _EXPECTED:
            return None
        return answer

    def close(self) -> None:
        if self._sweeping is not None:
            self._sweeping.cancel()
            self._sweeping = None
        for connections in self._idle.values():
            for connection in connections:
                connection.close()
        self._idle.clear()

    def _kept(self, question: Question) -> _Connection | None:
        idle = self._idle.get((question.host, question.port), [])
        while idle:
            connection = idle.pop()
            if connection.is_open:
                return connection
        return None

    async def _connected(self, question: Question, until: float) -> _Connection:
        """A new connection. Raises OSError, TimeoutError among them.

        Only a name may have several addresses. Where there is one, no race is run for it: when time is up at the very
        moment at which somebody has won, asyncio forgets to close the winner's connection.
        """
        race = 0.25 if as_address(question.host) is None else None
        async with asyncio.timeout_at(until):
            _, connection = await asyncio.get_running_loop().create_connection(
                _Connection, question.host, question.port, happy_eyeballs_delay=race
            )
        return connection

    async def _answer(self, connection: _Connection, question: Question, until: float) -> Answer | None:
        kept = False
        try:
            answer = await connection.ask(question, until)
            kept = answer.kept and not question.last
            return answer
        except TimeoutError:
            raise
        except (IrregularError, OSError):
            return None
        finally:
            if kept:
                self._keep(connection, question)
            else:
                connection.close()

    def _keep(self, connection: _Connection, question: Question) -> None:
        loop = asyncio.get_running_loop()
        connection.idle_since = loop.time()
        self._idle[question.host, question.port].append(connection)
        if self._sweeping is None:
            self._sweeping = loop.call_later(self._idle_seconds, self._sweep)

    def _sweep(self) -> None:
        loop = asyncio.get_running_loop()
        oldest = loop.time() - self._idle_seconds
        for place, connections in list(self._idle.items()):
            for connection in connections:
                if connection.idle_since <= oldest:
                    connection.close()
            left = [connection for connection in connections if connection.is_open]
            if left:
                connections[:] = left
            else:
                del self._idle[place]
        self._sweeping = loop.call_later(self._idle_seconds / 4, self._sweep) if self._idle else None


class _Connection(asyncio.Protocol):
    """One question at a time."""

    def __init__(self) -> None:
        self.idle_since = 0.0
        self._transport: asyncio.Transport | None = None
        self._reader = AnswerReader()
        self._answered: asyncio.Future[Answer] | None = None

    @property
    def is_open(self) -> bool:
        return self._transport is not None and not self._transport.is_closing()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport), "TCP"
        self._transport = transport

    async def ask(self, question: Question, until: float) -> Answer:
        """Raises what PlainClient.ask raises, IrregularError, and OSError where there is no answer."""
        assert self._transport is not None, "it is connected"
        loop = asyncio.get_running_loop()
        self._reader = AnswerReader(question.limit)
        self._answered = loop.create_future()
        self._transport.write(question.request)
        alarm = loop.call_at(until, self._expire)
        try:
            return await self._answered
        finally:
            alarm.cancel()

    def _expire(self) -> None:
        if self._answered is not None and not self._answered.done():
            self._answered.set_exception(LateBodyError() if self._reader.headed else TimeoutError())

    def data_received(self, data: bytes) -> None:
        if self._answered is None or self._answered.done():
            self.close()  # nobody asked
            return
        try:
            answer = self._reader.feed(data)
        except (IrregularError, TooLongError) as error:
            self._answered.set_exception(error)
        else:
            if answer is not None:
                self._answered.set_result(answer)

    def connection_lost(self, exc: Exception | None) -> None:
        if self._answered is None or self._answered.done():
            return
        if not self._reader.headed:
            self._answered.set_exception(exc or ConnectionResetError("closed before the answer"))
            return
        try:
            self._answered.set_result(self._reader.end())
        except EOFError as error:
            self._answered.set_exception(error)

    def close(self) -> None:
        if self._transport is not None:
            self._transport.abort()
