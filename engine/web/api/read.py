"""`/api/v1/read`: the other side of remote read, in both of its forms."""

from __future__ import annotations

import logging
from typing import Final

from aiohttp import web

from engine.foundation.errors import EngineError
from engine.remote.reader import Reader, ReadError
from engine.remote.reading import SAMPLES, STREAMED_CHUNKS, ReadRequest
from engine.web.answers import plain

_NAMES: Final = {SAMPLES: "SAMPLES", STREAMED_CHUNKS: "STREAMED_XOR_CHUNKS"}
log = logging.getLogger(__name__)

_STREAM: Final = "application/x-streamed-protobuf; proto=prometheus.ChunkedReadResponse"


def routes(reader: Reader) -> list[web.RouteDef]:
    async def read(request: web.Request) -> web.StreamResponse:
        async with reader.turn():
            try:
                asked = await reader.decode(await request.read())
                kind = _negotiated(asked)
                if kind == SAMPLES:
                    return await _samples(reader, asked)
                return await _stream(request, reader, asked)
            except ReadError as error:
                return plain(400, str(error))
            except EngineError as error:
                return plain(500, str(error))

    return [web.post("/read", read)]


async def _samples(reader: Reader, asked: ReadRequest) -> web.Response:
    body = await reader.samples(asked)
    told = {"Content-Type": "application/x-protobuf", "Content-Encoding": "snappy"}
    return web.Response(body=body, headers=told)


async def _stream(request: web.Request, reader: Reader, asked: ReadRequest) -> web.StreamResponse:
    response: web.StreamResponse | None = None
    try:
        async for piece in reader.frames(asked):
            if response is None:
                response = await _begun(request)
            await response.write(piece)
    except EngineError as error:
        if response is None:
            raise
        log.error("an answer to remote read was broken off: %s", error)  # noqa: TRY400 - its text says it all
        if request.transport is not None:
            request.transport.abort()  # a second answer would be taken for the rest of the first
        return response
    response = response or await _begun(request)
    await response.write_eof()
    return response


async def _begun(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Type": _STREAM})
    await response.prepare(request)
    return response


def _negotiated(asked: ReadRequest) -> int:
    """The first kind of answer that we know, of those that the client knows. Raises ReadError."""
    if not asked.accepted:
        return SAMPLES
    if (known := next((kind for kind in asked.accepted if kind in _NAMES), None)) is not None:
        return known
    supported = " ".join(f"{name}:{{}}" for name in _NAMES.values())
    raise ReadError(
        "server does not support any of the requested response types: "
        f"[{' '.join(map(str, asked.accepted))}]; supported: map[{supported}]"
    )
