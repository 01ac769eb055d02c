"""What another server answers to a query that was passed on, where it is no answer."""

from __future__ import annotations

from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from engine.foundation.addresses import AddressBook
from engine.foundation.clock import SystemClock
from engine.foundation.errors import ConfigError
from engine.foundation.http_config import PrometheusHTTPClientConfig
from engine.foundation.workers import InlineWorkers
from engine.query.elsewhere import ForwardError
from engine.remote.forwarding import Forwarder, checked_url
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


@pytest.mark.parametrize(
    ("url", "what"),
    [
        ("http://u:hidden@a:99999", "invalid host or port"), ("http://[::1", "invalid host or port"),
        ("http://", "missing host for URL"), ("ftp://u:hidden@a", 'unsupported scheme "ftp" for URL'),
        ("10.0.0.1:9090", "first path segment in URL cannot contain colon"),
    ],
)  # fmt: skip
def test_what_is_no_url_is_told_without_its_password(url: str, what: str) -> None:
    with pytest.raises(ConfigError) as refused:
        checked_url(url)
    assert str(refused.value).startswith(f"--query-url: {what}: want http://HOST:PORT")
    assert "hidden" not in str(refused.value)
