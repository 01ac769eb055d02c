"""What every request passes first."""

from __future__ import annotations

import asyncio
import socket

import pytest
from aiohttp import ClientSession, web

from engine.foundation.errors import ConfigError
from engine.web.counts import HttpCounts
from engine.web.server import Listener, bind, parse_listen
from tests.web.serving import plainly, serving


async def hello(_: web.Request) -> web.Response:
    return web.Response(text="hello")


async def ask(
    method: str, path: str, counts: HttpCounts | None = None, **headers: str
) -> tuple[int, str, dict[str, str]]:
    routes = [web.get("/hello", hello), web.post("/hello", hello), web.get("/named/{name}", hello)]
    async with (
        serving(routes, plainly(counts)) as port,
        ClientSession() as client,
        client.request(method, f"http://127.0.0.1:{port}{path}", headers=headers) as response,
    ):
        return response.status, await response.text(), dict(response.headers)


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1:9090", "prometheus:9090", "[::1]:9090", "a.localhost"])
async def test_a_host_that_names_this_machine_is_answered(host: str) -> None:
    assert (await ask("GET", "/hello", Host=host))[0] == 200


async def test_a_host_of_somebody_else_is_refused() -> None:
    status, text, _ = await ask("GET", "/hello", Host="evil.example.com")
    assert (status, text) == (403, "the Host header 'evil.example.com' does not name this machine\n")


async def test_a_write_from_a_foreign_page_is_refused_and_a_read_gets_no_cors_answer() -> None:
    assert (await ask("POST", "/hello", Origin="http://evil.example.com"))[0] == 403
    _, _, headers = await ask("GET", "/hello", Origin="http://evil.example.com")
    assert "Access-Control-Allow-Origin" not in headers


async def test_an_own_page_may_read_and_write_from_another_port() -> None:
    status, _, headers = await ask("POST", "/hello", Origin="http://127.0.0.1:3000")
    assert status == 200
    assert headers["Access-Control-Allow-Origin"] == "http://127.0.0.1:3000"


async def test_unknown_paths_and_methods_are_answered_in_gos_words() -> None:
    assert (await ask("GET", "/nope"))[:2] == (404, "404 page not found\n")
    status, text, headers = await ask("DELETE", "/hello")
    assert (status, text, headers["Allow"]) == (405, "Method Not Allowed\n", "GET, HEAD, OPTIONS, POST")
    status, text, headers = await ask("OPTIONS", "/hello")
    assert (status, text, headers["Allow"]) == (200, "", "GET, HEAD, OPTIONS, POST")


async def test_doubled_slashes_lead_to_the_path_without_them() -> None:
    assert (await ask("GET", "//hello?a=//b"))[:2] == (200, "hello")
    assert (await ask("GET", "//nope"))[0] == 404


async def test_dots_in_a_path_lead_to_the_path_without_them() -> None:
    routes = [web.get("/hello", hello)]
    async with serving(routes) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"GET /x/../y/./hello/?a=.. HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        head = (await reader.read()).decode()
        writer.close()
    assert head.startswith("HTTP/1.1 301")
    assert "Location: /y/hello/?a=..\r\n" in head


async def test_a_query_may_be_as_long_as_a_head_in_go() -> None:
    assert (await ask("GET", "/hello?" + "a" * 500_000))[:2] == (200, "hello")
    assert (await ask("GET", "/hello", Cookie="a" * 60_000))[:2] == (200, "hello")


async def test_a_path_that_only_answers_what_may_be_asked_is_none() -> None:
    async with (
        serving([web.options("/api/{any:.*}", hello), web.get("/api/x", hello)]) as port,
        ClientSession() as client,
    ):
        for method, path, status in (
            ("GET", "nope", 404),
            ("OPTIONS", "nope", 200),
            ("POST", "x", 405),
            ("GET", "x", 200),
        ):
            async with client.request(method, f"http://127.0.0.1:{port}/api/{path}") as response:
                assert (method, path, response.status) == (method, path, status)


async def test_a_client_that_hangs_up_ends_a_read_and_not_a_write() -> None:
    ended: list[str] = []
    begun, go_on = asyncio.Event(), asyncio.Event()
    told = [asyncio.Event() for _ in range(3)]

    async def slow(request: web.Request) -> web.Response:
        begun.set()
        try:
            await go_on.wait()
        except asyncio.CancelledError:
            ended.append(f"{request.method} {request.path} cancelled")
            raise
        else:
            ended.append(f"{request.method} {request.path} done")
        finally:
            told[len(ended) - 1].set()
        return web.Response()

    counts = HttpCounts()
    asked = [("GET", "/slow"), ("POST", "/slow"), ("POST", "/api/v1/query")]
    routes = [web.route(*one, slow) for one in asked]
    async with serving(routes, plainly(counts)) as port, ClientSession(f"http://127.0.0.1:{port}") as client:
        for method, path in asked:
            begun.clear()
            async with asyncio.TaskGroup() as group:
                asking = group.create_task(client.request(method, path))
                await begun.wait()
                asking.cancel()
        await told[1].wait()  # both reads have ended, and by then the hanging up between them was heard as well
        go_on.set()
        await told[2].wait()
    assert sorted(ended) == ["GET /slow cancelled", "POST /api/v1/query cancelled", "POST /slow done"]
    assert counts.requests == {("/slow", 499): 2, ("/api/v1/query", 499): 1}


async def test_requests_for_paths_that_exist_are_counted_by_handler_and_status() -> None:
    counts = HttpCounts()
    await ask("GET", "/hello", counts)
    await ask("PUT", "/hello", counts)
    await ask("GET", "/named/x", counts)
    await ask("GET", "/nope", counts)
    assert counts.requests == {("/hello", 200): 1, ("/named/:name", 200): 1}
    assert counts.seconds["/hello"].count == 1
    assert (counts.bytes_sent["/hello"].total, next(counts.bytes_sent["/hello"].buckets())) == (5, (100, 1))


def test_a_taken_port_is_told_with_its_holder() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        with pytest.raises(ConfigError, match=r"can't listen on 127\.0\.0\.1:\d+: taken by .*\(pid \d+\)"):
            bind(Listener("prometheus", "127.0.0.1", other.getsockname()[1]))


def test_an_address_is_a_host_and_a_port() -> None:
    assert parse_listen("node", "[::1]:9100") == Listener("node", "::1", 9100)
    assert parse_listen("node", ":9100").host == "0.0.0.0"
    with pytest.raises(ConfigError, match="--listen node=9100: want HOST:PORT"):
        parse_listen("node", "9100")
