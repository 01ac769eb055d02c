"""Which connections are kept, and used again."""

from __future__ import annotations

import asyncio
import gc
import socket
import time

import pytest
from aiohttp import web

from engine.foundation.addresses import AddressBook
from engine.foundation.clock import SystemClock
from engine.foundation.http_client import HttpClient, HttpError
from engine.foundation.http_config import (
    AlertmanagerHTTPClientConfig,
    HTTPClientConfig,
)
from engine.foundation.values import GoDuration
from tests.foundation.calls import ZIPPED
from tests.foundation.serving import serving


def three_at_once() -> tuple[web.Application, list[object]]:
    """Answers nobody before three have asked; and the connections over which there were requests."""
    seen: list[object] = []
    all_there = asyncio.Event()

    async def count(request: web.Request) -> web.Response:
        seen.append(request.transport)
        if len(seen) == 3:
            all_there.set()
        await all_there.wait()
        return web.Response(headers={"X-Kept": str(request.keep_alive)})

    app = web.Application()
    app.router.add_get("/", count)
    return app, seen


async def test_no_more_connections_are_kept_than_the_configuration_says() -> None:
    """Three requests at once, one connection may stay: the fourth request finds one open, and makes none."""
    app, seen = three_at_once()
    config = AlertmanagerHTTPClientConfig(max_idle_conns_per_host=1)
    async with serving(app) as url, HttpClient(config, AddressBook(SystemClock())) as client:
        answers = await asyncio.gather(*(client.request("GET", url, timeout=60) for _ in range(3)))
        assert sorted(answer.headers["x-kept"] for answer in answers) == ["False", "False", "True"]
        await client.request("GET", url, timeout=60)
    assert len(set(map(id, seen))) == 3


@pytest.mark.parametrize("packed", [False, True])
async def test_a_connection_without_use_is_closed_after_the_time_that_the_configuration_says(packed: bool) -> None:
    seen: list[asyncio.Transport] = []

    async def note(request: web.Request) -> web.Response:
        assert request.transport is not None
        seen.append(request.transport)
        return web.Response()

    app = web.Application()
    app.router.add_get("/", note)
    config = AlertmanagerHTTPClientConfig(idle_conn_timeout=GoDuration(50))
    clock = SystemClock()
    async with serving(app) as url, HttpClient(config, AddressBook(clock)) as client, asyncio.timeout(60):
        await client.request("GET", url, timeout=60, headers=ZIPPED, packed=packed)
        while not seen[0].is_closing():
            await clock.sleep(0.02)
        await client.request("GET", url, timeout=60, headers=ZIPPED, packed=packed)
    assert seen[0] is not seen[1]


async def test_connections_are_used_again_and_replaced_where_the_server_has_closed_them() -> None:
    seen: list[asyncio.Transport] = []

    async def note(request: web.Request) -> web.Response:
        assert request.transport is not None
        seen.append(request.transport)
        return web.Response(text="x")

    app = web.Application()
    app.router.add_get("/", note)
    async with serving(app) as url, HttpClient(HTTPClientConfig(), AddressBook(SystemClock())) as client:
        for nth in range(4):
            answer = await client.request("GET", url, timeout=60, headers=ZIPPED, packed=True)
            assert answer.body == b"x"
            if nth == 1:
                seen[-1].close()
    assert [transport is seen[0] for transport in seen] == [True, True, False, False]
    assert seen[2] is seen[3]


async def test_only_so_many_connections_are_kept_for_packed_bodies_too() -> None:
    app, seen = three_at_once()
    config = AlertmanagerHTTPClientConfig(max_idle_conns_per_host=1)
    async with serving(app) as url, HttpClient(config, AddressBook(SystemClock())) as client:
        questions = (client.request("GET", url, timeout=60, headers=ZIPPED, packed=True) for _ in range(3))
        await asyncio.gather(*questions)
        await client.request("GET", url, timeout=60, headers=ZIPPED, packed=True)
    assert len(set(map(id, seen))) == 3


async def test_a_connection_that_comes_when_time_is_up_is_closed(recwarn: pytest.WarningsRecorder) -> None:
    """As on a busy machine, where both are found at one look."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        url = f"http://127.0.0.1:{server.getsockname()[1]}/"
        async with HttpClient(HTTPClientConfig(), AddressBook(SystemClock())) as client, asyncio.TaskGroup() as group:
            for turns in range(12):
                asked = group.create_task(late(client, url))
                for _ in range(turns):
                    await asyncio.sleep(0)
                time.sleep(0.02)  # noqa: ASYNC251 - holds the loop
                await asked
        gc.collect()
    assert [str(warning.message) for warning in recwarn if "unclosed" in str(warning.message)] == []


async def late(client: HttpClient, url: str) -> None:
    with pytest.raises(HttpError, match="deadline exceeded"):
        await client.request("GET", url, timeout=0.01, packed=True)
