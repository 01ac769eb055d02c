"""What another server answers to a query that was passed on, where it is no answer."""

from __future__ import annotations

from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from engine.foundation.addresses import AddressBook
from engine.foundation.clock import SystemClock
from engine.foundation.http_config import PrometheusHTTPClientConfig
from engine.foundation.workers import InlineWorkers
from engine.query.elsewhere import ForwardError
from engine.remote.forwarding import Forwarder
from promql.plan.window import Window


@pytest.mark.parametrize(
    "body",
    [
        b"<html>no</html>", b"", b"[]", b'{"status":"success","data":"\xff"}', b'{"\xff":1,"status":"success"}',
        b'{"status":"success","data":' + b"[" * 100_000, b'{"status":"success","data":{"resultType":"odd"}}',
        b'{"status":"success"}',
    ],
)  # fmt: skip
async def test_whatever_comes_that_is_no_answer_is_told_with_the_name_of_the_server(body: bytes) -> None:
    async def answer(_: web.Request) -> web.Response:
        return web.Response(body=body)

    app, addresses = web.Application(), AddressBook(SystemClock(), translate=False)
    app.router.add_post("/api/v1/query", answer)
    async with TestServer(app) as server:
        url = str(server.make_url("/"))
        forwarder = Forwarder(url, PrometheusHTTPClientConfig(), addresses, InlineWorkers(), base=Path())
        try:
            with pytest.raises(ForwardError) as refused:
                await forwarder.evaluate("m", Window(0, 0, 0), 5.0, None)
        finally:
            await forwarder.close()
        assert str(refused.value).startswith(url.rstrip("/"))
        assert refused.value.kind == "unavailable"
