"""Whom the doctor asks: the components where the engine says that they listen, the first port for all others."""

from __future__ import annotations

import pytest
from aiohttp import web

from engine.doctor.asking import HttpStack
from engine.foundation.addresses import AddressBook
from engine.foundation.clock import SystemClock
from engine.foundation.errors import RemoteError
from engine.foundation.http_client import HttpClient
from engine.foundation.http_config import HTTPClientConfig
from engine.testing.manual_clock import ManualClock
from engine.web.counts import HttpCounts
from engine.web.server import Serving
from tests.web.serving import serving

HOW = Serving(counts=HttpCounts())


def page(text: str) -> list[web.RouteDef]:
    async def answer(request: web.Request) -> web.Response:
        return web.Response(text=f"{text} {request.headers.get('Authorization', '')}".strip())

    return [web.get("/metrics", answer)]


async def test_components_are_asked_where_they_listen_and_with_the_same_password(manual_clock: ManualClock) -> None:
    async with serving(page("loki"), HOW, manual_clock) as other:

        async def components(_: web.Request) -> web.Response:
            return web.json_response({"status": "success", "data": {"loki": f"0.0.0.0:{other}"}})

        routes = [*page("first"), web.get("/api/v1/status/components", components)]
        async with (
            serving(routes, HOW, manual_clock) as port,
            HttpClient(HTTPClientConfig(), AddressBook(SystemClock(), translate=False)) as client,
        ):
            stack = HttpStack(client, {"prometheus": f"http://u:pw@127.0.0.1:{port}"})
            assert await stack.get("loki", "/metrics") == (200, "loki Basic dTpwdw==")
            assert await stack.get("promtail", "/metrics") == (200, "first Basic dTpwdw==")


@pytest.mark.parametrize("data", [None, [], ["a"], {}, {"result": [1]}, {"result": "a", "loki": 5}])
async def test_another_program_that_answers_there_is_told_to_be_one(data: object, manual_clock: ManualClock) -> None:
    async def answer(_: web.Request) -> web.Response:
        return web.json_response({"status": "success", "data": data})

    routes = [web.get(path, answer) for path in ("/api/v1/query", "/api/v1/status/components", "/metrics")]
    async with (
        serving(routes, HOW, manual_clock) as port,
        HttpClient(HTTPClientConfig(), AddressBook(SystemClock(), translate=False)) as client,
    ):
        stack = HttpStack(client, {"prometheus": f"http://127.0.0.1:{port}"})
        with pytest.raises(RemoteError, match="does not answer as Prometheus does: 200, "):
            await stack.query("up")
        assert (await stack.get("loki", "/metrics"))[0] == 200


@pytest.mark.parametrize("error", ["query timed out", "unavailable with Prometheus Agent"])
async def test_a_query_that_is_refused_is_told_unless_there_are_none(error: str, manual_clock: ManualClock) -> None:
    async def answer(_: web.Request) -> web.Response:
        return web.json_response({"status": "error", "errorType": "execution", "error": error}, status=422)

    async with (
        serving([web.get("/api/v1/query", answer)], HOW, manual_clock) as port,
        HttpClient(HTTPClientConfig(), AddressBook(SystemClock(), translate=False)) as client,
    ):
        stack = HttpStack(client, {"prometheus": f"http://127.0.0.1:{port}"})
        if "Agent" in error:
            assert await stack.query("up") == []
        else:
            with pytest.raises(RemoteError, match=rf"^http://127.0.0.1:{port}: query timed out$"):
                await stack.query("up")
