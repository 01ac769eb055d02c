"""How many connections there may be at once, and how long they may take."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import web

from engine.testing.manual_clock import ManualClock
from engine.web.connections import Limits
from engine.web.counts import HttpCounts
from engine.web.server import Serving
from tests.web.serving import serving

GET = b"GET /hello HTTP/1.1\r\nHost: localhost\r\n\r\n"


async def hello(request: web.Request) -> web.Response:
    return web.Response(text=f"hello {len(await request.read())}")


@asynccontextmanager
async def listening(clock: ManualClock, seconds: float = 300.0, connections: int = 512) -> AsyncIterator[int]:
    routes = [web.get("/hello", hello), web.post("/hello", hello)]
    how = Serving(counts=HttpCounts(), limits=Limits(seconds, connections))
    async with serving(routes, how, clock) as port:
        yield port


class Caller:
    """One connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    @classmethod
    async def to(cls, port: int) -> Caller:
        return cls(*await asyncio.open_connection("127.0.0.1", port))

    async def ask(self, *pieces: bytes) -> bytes:
        """The status line of an answer, whose rest is read too."""
        for piece in pieces:
            self.writer.write(piece)
            await self.writer.drain()
        head = await self.reader.readuntil(b"\r\n\r\n")
        await self.reader.readexactly(len(b"hello 0"))
        return head.partition(b"\r\n")[0]

    async def closed(self) -> bool:
        try:
            return await self.reader.read(1) == b""
        except ConnectionResetError:
            return True
        finally:
            self.writer.close()


async def test_a_connection_beyond_the_limit_waits_until_another_ends(manual_clock: ManualClock) -> None:
    async with listening(manual_clock, connections=1) as port:
        first, second = await Caller.to(port), await Caller.to(port)
        assert await first.ask(GET) == b"HTTP/1.1 200 OK"
        async with asyncio.TaskGroup() as group:
            waiting = group.create_task(second.ask(GET))
            assert await first.ask(GET) == b"HTTP/1.1 200 OK"
            assert not waiting.done()
            first.writer.close()
        assert waiting.result() == b"HTTP/1.1 200 OK"
        second.writer.close()


async def test_who_does_not_tell_the_whole_request_in_time_is_cut_off(manual_clock: ManualClock) -> None:
    async with listening(manual_clock, seconds=10) as port:
        silent, slow, hanging, quick = [await Caller.to(port) for _ in range(4)]
        slow.writer.write(GET[:20])
        hanging.writer.write(b"POST /hello HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n\r\nab")
        assert await quick.ask(GET) == b"HTTP/1.1 200 OK"
        await manual_clock.advance(12_000)
        assert [await one.closed() for one in (silent, slow, hanging)] == [True] * 3
        assert await quick.ask(GET) == b"HTTP/1.1 200 OK"
        quick.writer.close()


async def test_without_a_limit_of_time_nobody_is_cut_off(manual_clock: ManualClock) -> None:
    async with listening(manual_clock, seconds=0) as port:
        caller, other = await Caller.to(port), await Caller.to(port)
        caller.writer.write(GET[:9])
        assert await other.ask(GET) == b"HTTP/1.1 200 OK"
        other.writer.close()
        await manual_clock.advance(1_000_000)
        assert await caller.ask(GET[9:]) == b"HTTP/1.1 200 OK"
        caller.writer.close()


async def test_each_request_of_a_connection_has_its_own_time(manual_clock: ManualClock) -> None:
    async with listening(manual_clock, seconds=10) as port:
        caller = await Caller.to(port)
        for _ in range(3):
            assert await caller.ask(GET[:9], GET[9:]) == b"HTTP/1.1 200 OK"
            await manual_clock.advance(8_000)
        caller.writer.close()


async def test_a_request_behind_a_slow_answer_is_not_late_before_its_turn(manual_clock: ManualClock) -> None:
    going, begun = asyncio.Event(), asyncio.Event()

    async def slow(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Length": "7"})
        await response.prepare(request)
        begun.set()
        await going.wait()
        await response.write(b"hello 0")
        return response

    routes = [web.get("/slow", slow), web.get("/hello", hello)]
    how = Serving(counts=HttpCounts(), limits=Limits(10.0, 512))
    async with serving(routes, how, manual_clock) as port:
        caller = await Caller.to(port)
        caller.writer.write(GET.replace(b"/hello", b"/slow") + GET[:30])
        await begun.wait()
        await manual_clock.advance(60_000)
        going.set()
        assert await caller.ask() == b"HTTP/1.1 200 OK"
        assert await caller.ask(GET[30:]) == b"HTTP/1.1 200 OK"
        caller.writer.close()


async def test_nor_is_one_behind_a_large_answer_that_is_read_slowly(manual_clock: ManualClock) -> None:
    size = 32 * 1024 * 1024

    async def large(_: web.Request) -> web.Response:
        return web.Response(body=bytes(size))

    routes = [web.get("/large", large), web.get("/hello", hello)]
    how = Serving(counts=HttpCounts(), limits=Limits(10.0, 512))
    async with serving(routes, how, manual_clock) as port:
        caller = await Caller.to(port)
        caller.writer.write(GET.replace(b"/hello", b"/large") + GET[:30])
        await caller.reader.readuntil(b"\r\n\r\n")
        await manual_clock.advance(60_000)
        await caller.reader.readexactly(size)
        assert await caller.ask(GET[30:]) == b"HTTP/1.1 200 OK"
        caller.writer.close()
