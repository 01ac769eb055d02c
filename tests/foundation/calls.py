"""Pages of a server on loopback, and calls to them."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from aiohttp import web
from msgspec.structs import replace

from engine.foundation.addresses import AddressBook
from engine.foundation.clock import SystemClock
from engine.foundation.http_client import HttpClient, HttpError, Response, unpack
from engine.foundation.http_config import (
    HTTPClientConfig,
)

ZIPPED = {"Accept-Encoding": "gzip"}


async def echo(request: web.Request) -> web.Response:
    return web.Response(text=f"{request.method} {request.path_qs} {request.headers.get('Authorization', '-')}")


async def compressed(request: web.Request) -> web.Response:
    answer = web.Response(body=b"x" * 1000)
    answer.enable_compression(web.ContentCoding.gzip)
    return answer


async def falsely_compressed(request: web.Request) -> web.Response:
    return web.Response(body=b"this is no gzip at all", headers={"Content-Encoding": "gzip"})


async def chunked(request: web.Request) -> web.StreamResponse:
    answer = web.StreamResponse(headers={"Content-Type": "text/x"})
    answer.enable_compression(web.ContentCoding.gzip)
    await answer.prepare(request)
    for nth in range(1000):
        await answer.write(f"line {nth * nth}\n".encode())
    await answer.write_eof()
    return answer


async def around(request: web.Request) -> web.Response:
    raise web.HTTPFound("/around")


async def elsewhere(request: web.Request) -> web.Response:
    raise web.HTTPFound("/echo")


async def late(request: web.Request) -> web.Response:
    await asyncio.Event().wait()
    return web.Response()


async def half(request: web.Request) -> web.StreamResponse:
    answer = web.StreamResponse(headers={"Content-Length": "100"})
    await answer.prepare(request)
    await answer.write(b"some")
    await asyncio.Event().wait()
    return answer


async def broken(request: web.Request) -> web.StreamResponse:
    answer = web.StreamResponse(headers={"Content-Length": "100"})
    await answer.prepare(request)
    await answer.write(b"some")
    assert request.transport is not None
    request.transport.close()
    return answer


def app() -> web.Application:
    found = web.Application()
    pages = {
        "/echo": echo, "/zip": compressed, "/unzip": falsely_compressed, "/around": around, "/elsewhere": elsewhere,
        "/late": late, "/half": half, "/chunked": chunked, "/broken": broken,
    }  # fmt: skip
    found.add_routes([web.route("*", path, handler) for path, handler in pages.items()])
    return found


async def get(
    url: str,
    config: HTTPClientConfig | None = None,
    *,
    timeout: float = 5,
    limit: int = 0,
    base: Path = Path(),
    packed: bool = False,
) -> Response:
    async with HttpClient(
        config or HTTPClientConfig(), AddressBook(SystemClock(), translate=False), base=base
    ) as client:
        answer = await client.request("GET", url, timeout=timeout, limit=limit, packed=packed, headers=ZIPPED)
        return replace(answer, body=unpack(answer.body, limit), packed=False) if answer.packed else answer


async def refusal(url: str, config: HTTPClientConfig | None = None, **options: float) -> str:
    with pytest.raises(HttpError) as caught:
        await get(url, config, **options)  # type: ignore[arg-type]
    return str(caught.value)
