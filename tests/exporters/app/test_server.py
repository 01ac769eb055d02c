"""A real server, and a client that hangs up."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager

import uvicorn
from fastapi import FastAPI
from fastapi.responses import StreamingResponse
from prometheus_client import CollectorRegistry

from exporters.app.asgi import MetricsMiddleware
from exporters.app.options import AppOptions
from tests.end_to_end.processes import free_port, wait_for
from tests.exporters.app.asking import exceptions, requests


@contextmanager
def served(app: FastAPI) -> Iterator[int]:
    """The port at which uvicorn serves the application."""
    port = free_port()
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=port, log_config=None, lifespan="off"))
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        wait_for("uvicorn", lambda: server.started)
        yield port
    finally:
        server.should_exit = True
        thread.join()


def test_a_client_that_hangs_up_in_a_stream_is_counted_as_such() -> None:
    registry, app = CollectorRegistry(), FastAPI()

    @app.get("/stream/{count}")
    async def stream(count: int) -> StreamingResponse:
        async def parts() -> AsyncIterator[bytes]:
            for _ in range(count):
                yield b"part"
                await asyncio.sleep(0.01)

        return StreamingResponse(parts())

    app.add_middleware(MetricsMiddleware, options=AppOptions(registry=registry))
    with served(app) as port:
        with socket.create_connection(("127.0.0.1", port)) as client:
            client.sendall(b"GET /stream/100000 HTTP/1.1\r\nHost: app\r\n\r\n")
            assert client.recv(4)
        wait_for("the request to be counted", lambda: requests(registry))
    assert requests(registry) == {("GET", "/stream/{count}", "499"): 1}
    assert exceptions(registry) == {"/stream/{count}": 0}
