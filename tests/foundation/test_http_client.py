"""Calls over real sockets on loopback, and what is said when they fail."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Mapping
from pathlib import Path

import pytest
from aiohttp import web
from yarl import URL

from engine.foundation.addresses import AddressBook, LocalResponse
from engine.foundation.clock import SystemClock
from engine.foundation.http_client import BodyTooLargeError, HttpClient, HttpError
from engine.foundation.http_config import (
    Authorization,
    BasicAuth,
    HTTPClientConfig,
    HttpHeader,
)
from engine.foundation.values import FilePath, Secret, Url
from tests.foundation.calls import app, get, refusal
from tests.foundation.serving import serving


async def test_any_status_is_an_answer(site: str) -> None:
    answer = await get(f"{site}/none")
    assert (answer.status, answer.reason) == (404, "Not Found")


async def test_what_is_compressed_comes_whole(site: str) -> None:
    assert (await get(f"{site}/zip")).body == b"x" * 1000


async def test_the_limit_counts_what_was_decompressed_and_takes_no_body_that_reaches_it(site: str) -> None:
    assert len((await get(f"{site}/zip", limit=1001)).body) == 1000
    with pytest.raises(BodyTooLargeError, match=r"^body size limit exceeded$"):
        await get(f"{site}/zip", limit=1000)


async def test_a_body_that_is_not_what_it_says_is_refused(site: str) -> None:
    assert await refusal(f"{site}/unzip") == "gzip: invalid header"


async def outcome(url: str, config: HTTPClientConfig, *, packed: bool, limit: int) -> object:
    try:
        answer = await get(url, config, timeout=30, limit=limit, packed=packed)
    except HttpError as error:
        return type(error), str(error)
    return answer.status, answer.reason, answer.headers.get("content-type"), answer.body


@pytest.mark.parametrize(
    "path",
    ["echo", "none", "zip", "unzip", "around", "elsewhere", "chunked", "broken", "echo?a=b%20c&d=%2F"],
)
@pytest.mark.parametrize("limit", [0, 16, 1001])
@pytest.mark.parametrize("follow", [True, False])
async def test_who_takes_packed_bodies_is_answered_alike(site: str, path: str, limit: int, *, follow: bool) -> None:
    config = HTTPClientConfig(follow_redirects=follow, basic_auth=BasicAuth(username="me", password=Secret("pw")))
    one = await outcome(f"{site}/{path}", config, packed=False, limit=limit)
    assert await outcome(f"{site}/{path}", config, packed=True, limit=limit) == one


async def test_a_refused_connection_is_told_as_go_tells_it() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        place = f"127.0.0.1:{free.getsockname()[1]}"
        said = await refusal(f"http://{place}/metrics")
    assert said == f'Get "http://{place}/metrics": dial tcp {place}: connect: connection refused'


async def test_a_name_that_nobody_knows_is_told_as_go_tells_it() -> None:
    said = await refusal("http://nobody.invalid:1/x")
    assert said == 'Get "http://nobody.invalid:1/x": dial tcp: lookup nobody.invalid: no such host'


@pytest.mark.parametrize("packed", [False, True])
async def test_a_late_answer_is_told_with_its_url_and_a_late_body_without(site: str, *, packed: bool) -> None:
    late = await refusal(f"{site}/late", timeout=0.1, packed=packed)
    assert late == f'Get "{site}/late": context deadline exceeded'
    for seconds in (0.2, 1, 5):  # within which the headers must be here, on however busy a machine
        half = await refusal(f"{site}/half", timeout=seconds, packed=packed)
        if half == "context deadline exceeded":
            break
    assert half == "context deadline exceeded"


async def test_redirects_are_followed_ten_times_at_most(site: str) -> None:
    assert (await get(f"{site}/elsewhere")).body == b"GET /echo -"
    assert await refusal(f"{site}/around") == 'Get "/around": stopped after 10 redirects'


async def test_redirects_can_be_turned_off(site: str) -> None:
    assert (await get(f"{site}/elsewhere", HTTPClientConfig(follow_redirects=False))).status == 302


async def test_a_scheme_that_is_not_http_is_refused() -> None:
    assert await refusal("ftp://127.0.0.1/x") == 'Get "ftp://127.0.0.1/x": unsupported protocol scheme "ftp"'


async def test_a_port_that_cannot_be_is_refused() -> None:
    said = await refusal("http://127.0.0.1:99999/x")
    assert said == 'Get "http://127.0.0.1:99999/x": dial tcp: address 99999: invalid port'


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("http://[::1/x", "\"http://[::1/x\": missing ']' in host"),
        ("http://u:pass@[::1/x", "\"http://xxxxx@[::1/x\": missing ']' in host"),
        ("http://a..b/x", '"http://a..b/x": dial tcp: lookup a..b: no such host'),
        (f"http://{'a' * 64}.b/x", f'"http://{"a" * 64}.b/x": dial tcp: lookup {"a" * 64}.b: no such host'),
    ],
)
@pytest.mark.parametrize("packed", [False, True])
async def test_an_address_that_cannot_be_is_told(url: str, told: str, *, packed: bool) -> None:
    assert await refusal(url, packed=packed) == f"Get {told}"


async def test_a_name_that_dns_cannot_hold_is_not_known() -> None:
    async with HttpClient(HTTPClientConfig(), AddressBook(SystemClock())) as client:
        with pytest.raises(HttpError):
            await client.request("GET", f"http://{'a' * 300}:1/", timeout=60)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"one\ntwo", 'net/http: invalid header field value for "Authorization"'),
        (b"\xff\xfe", "unable to read authorization credentials file token: open token: not utf-8 text"),
    ],
)
async def test_credentials_that_no_header_can_hold_are_refused(
    site: str, tmp_path: Path, content: bytes, told: str
) -> None:
    (tmp_path / "token").write_bytes(content)
    client = HttpClient(
        HTTPClientConfig(bearer_token_file=FilePath("token")), AddressBook(SystemClock()), base=tmp_path
    )
    async with client:
        with pytest.raises(HttpError) as caught:
            await client.request("GET", f"{site}/echo", timeout=60)
    assert str(caught.value) == f'Get "{site}/echo": {told}'


async def test_a_password_in_a_url_is_not_told() -> None:
    assert "hush" not in await refusal("ftp://me:hush@127.0.0.1/x")


AUTHORIZED = [
    (HTTPClientConfig(basic_auth=BasicAuth(username="me", password=Secret("pw"))), "Basic bWU6cHc="),
    (HTTPClientConfig(basic_auth=BasicAuth(username="me", password_file=FilePath("secret"))), "Basic bWU6cHc="),
    (HTTPClientConfig(basic_auth=BasicAuth(username_file=FilePath("secret"), password=Secret("pw"))), "Basic cHc6cHc="),
    (HTTPClientConfig(authorization=Authorization(credentials=Secret("pw"))), "Bearer pw"),
    (HTTPClientConfig(authorization=Authorization(type="Key", credentials_file=FilePath("secret"))), "Key pw"),
    (HTTPClientConfig(bearer_token=Secret("pw")), "Bearer pw"),
    (HTTPClientConfig(bearer_token_file=FilePath("secret")), "Bearer pw"),
]


@pytest.mark.parametrize(("config", "header"), AUTHORIZED)
async def test_credentials_are_sent(site: str, tmp_path: Path, config: HTTPClientConfig, header: str) -> None:
    (tmp_path / "secret").write_text("pw\n")
    assert (await get(f"{site}/echo", config, base=tmp_path)).body.decode() == f"GET /echo {header}"


async def test_a_credentials_file_is_read_when_it_is_needed(site: str, tmp_path: Path) -> None:
    config = HTTPClientConfig(bearer_token_file=FilePath(str(tmp_path / "token")))
    said = await refusal(f"{site}/echo", config)
    assert said == (
        f'Get "{site}/echo": unable to read authorization credentials file {tmp_path}/token: '
        f"open {tmp_path}/token: no such file or directory"
    )
    (tmp_path / "token").write_text("new")
    assert (await get(f"{site}/echo", config)).body.endswith(b"Bearer new")


async def test_headers_of_the_users_own_are_sent(tmp_path: Path) -> None:
    async def told(request: web.Request) -> web.Response:
        return web.json_response(request.headers.getall("X-Scope"))

    (tmp_path / "third").write_text("c\n")
    header = HttpHeader(values=("a",), secrets=(Secret("b"),), files=(FilePath("third"),))
    asked = web.Application()
    asked.router.add_get("/", told)
    async with serving(asked) as url:
        config = HTTPClientConfig(http_headers={"x-scope": header})
        assert (await get(url, config, base=tmp_path)).body == b'["a", "b", "c"]'
        assert (await get(url, config, base=tmp_path, packed=True)).body == b'["a", "b", "c"]'
        said = await refusal(url, HTTPClientConfig(http_headers={"x": HttpHeader(files=(FilePath("/none"),))}))
        assert said.endswith("unable to read headers file /none: open /none: no such file or directory")


@pytest.mark.parametrize("packed", [False, True])
async def test_who_calls_is_told_where_a_redirect_stays_on_the_host_and_to_nobody_else(*, packed: bool) -> None:
    me = HTTPClientConfig(authorization=Authorization(credentials=Secret("pw")))

    async def onwards(request: web.Request) -> web.Response:
        raise web.HTTPTemporaryRedirect(f"http://{request.match_info['host']}:{request.url.port}/echo?{request.method}")

    asked = app()
    asked.router.add_get("/to/{host}", onwards)
    async with serving(asked) as url:
        assert (await get(f"{url}/to/127.0.0.1", me, packed=packed)).body == b"GET /echo?GET Bearer pw"
        assert (await get(f"{url}/to/localhost", me, packed=packed)).body == b"GET /echo?GET -"


@pytest.mark.parametrize(("status", "method"), [(301, "GET"), (302, "GET"), (303, "GET"), (307, "POST"), (308, "POST")])
async def test_a_redirect_tells_whether_the_method_stays(status: int, method: str) -> None:
    async def onwards(_: web.Request) -> web.Response:
        return web.Response(status=status, headers={"Location": "echo"})

    asked = app()
    asked.router.add_post("/to", onwards)
    async with serving(asked) as url, HttpClient(HTTPClientConfig(), AddressBook(SystemClock())) as client:
        answer = await client.request("POST", f"{url}/to", timeout=60, body=b"x")
    assert answer.body.decode() == f"{method} /echo -"


async def test_a_redirect_without_a_place_is_an_answer() -> None:
    async def nowhere(_: web.Request) -> web.Response:
        return web.Response(status=302)

    asked = web.Application()
    asked.router.add_get("/", nowhere)
    async with serving(asked) as url:
        assert (await get(url)).status == 302


async def test_a_proxy_is_asked_instead(site: str) -> None:
    answer = await get("http://nobody.invalid/echo", HTTPClientConfig(proxy_url=Url(site)))
    assert answer.body.startswith(b"GET /echo")


async def test_a_body_is_sent(site: str) -> None:
    async with HttpClient(HTTPClientConfig(), AddressBook(SystemClock())) as client:
        answer = await client.request("POST", f"{site}/echo", timeout=60, body=b"x")
    assert answer.body == b"POST /echo -"


async def test_a_page_of_this_process_is_called_without_a_socket() -> None:
    async def page(url: URL, headers: Mapping[str, str]) -> LocalResponse:
        return LocalResponse(200, {"Content-Type": "text/x"}, f"{url} {headers['A']}".encode())

    book = AddressBook(SystemClock())
    book.serves("node", "/m", page)
    async with HttpClient(HTTPClientConfig(), book) as client:
        answer = await client.request("GET", "http://node-exporter:9100/m", timeout=60, headers={"A": "b"})
    assert (answer.reason, answer.headers["content-type"]) == ("OK", "text/x")
    assert answer.body == b"http://node-exporter:9100/m b"


async def test_time_is_up_after_all_tries_together() -> None:
    """Half of the time passes before the server hangs up; what comes of the next try would be there too late."""
    tries: list[web.Request] = []

    async def hang_up(request: web.Request) -> web.Response:
        tries.append(request)
        await asyncio.sleep(0.5 if len(tries) == 1 else 0.8)
        if len(tries) == 1:
            assert request.transport is not None
            request.transport.close()
        return web.Response(text="late")

    app = web.Application()
    app.router.add_get("/", hang_up)
    async with serving(app) as url:
        assert await refusal(url, timeout=1, packed=True) == f'Get "{url}": context deadline exceeded'
