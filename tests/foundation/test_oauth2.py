"""Tokens from a real server on loopback."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import web

from engine.foundation.addresses import AddressBook
from engine.foundation.clock import SystemClock
from engine.foundation.http_client import HttpClient, HttpError
from engine.foundation.http_config import HTTPClientConfig, OAuth2, TlsConfig
from engine.foundation.values import FilePath, Secret
from tests.foundation.certificates import Certificates
from tests.foundation.serving import serving


class Authority:
    """Gives tokens, one after the other, to whoever knows the secret as it is told."""

    def __init__(self) -> None:
        self.answer: dict[str, object] = {"token_type": "bearer", "expires_in": 3600}
        self.status = 200
        self.takes_header = True
        self.asked: list[tuple[str, dict[str, str]]] = []

    async def token(self, request: web.Request) -> web.Response:
        form = {name: str(value) for name, value in (await request.post()).items()}
        header = request.headers.get("Authorization", "")
        self.asked.append((header, form))
        if bool(header) is not self.takes_header or self.status != 200:
            return web.Response(status=self.status if self.status != 200 else 401, text="no")
        return web.json_response({"access_token": f"t{len(self.asked)}", **self.answer})

    async def echo(self, request: web.Request) -> web.Response:
        return web.Response(text=request.headers.get("Authorization", "-"))

    def app(self) -> web.Application:
        made = web.Application()
        made.router.add_post("/token", self.token)
        made.router.add_get("/", self.echo)
        return made


@pytest.fixture
def authority() -> Authority:
    return Authority()


@pytest.fixture
async def place(authority: Authority) -> AsyncIterator[str]:
    async with serving(authority.app()) as url:
        yield url


def client(url: str, base: Path = Path(), **keys: object) -> HttpClient:
    options = {"client_id": "me&", "client_secret": Secret("s:1"), "token_url": f"{url}/token", **keys}
    config = HTTPClientConfig(oauth2=OAuth2(**options))  # type: ignore[arg-type]
    return HttpClient(config, AddressBook(SystemClock(), translate=False), base=base)


async def sent(asking: HttpClient, url: str) -> str:
    return (await asking.request("GET", url, timeout=60, packed=True)).body.decode()


async def test_a_token_is_asked_for_once_and_used_while_it_is_good(authority: Authority, place: str) -> None:
    async with client(place, scopes=("a", "b"), endpoint_params={"audience": "x"}) as asking:
        assert set(await asyncio.gather(*(sent(asking, place) for _ in range(5)))) == {"Bearer t1"}
    ((header, form),) = authority.asked
    assert header == "Basic bWUlMjY6cyUzQTE="
    assert form == {"grant_type": "client_credentials", "scope": "a b", "audience": "x"}


async def test_a_token_that_ends_soon_is_replaced(authority: Authority, place: str) -> None:
    authority.answer["expires_in"] = "9"
    async with client(place) as asking:
        assert [await sent(asking, place) for _ in range(2)] == ["Bearer t1", "Bearer t2"]


async def test_a_token_that_tells_no_end_is_kept(authority: Authority, place: str) -> None:
    authority.answer = {"token_type": "MAC"}
    async with client(place) as asking:
        assert [await sent(asking, place) for _ in range(2)] == ["MAC t1", "MAC t1"]


async def test_a_server_that_wants_the_secret_as_a_parameter_gets_it_so(authority: Authority, place: str) -> None:
    authority.takes_header, authority.answer["expires_in"] = False, 1
    async with client(place) as asking:
        assert [await sent(asking, place) for _ in range(2)] == ["Bearer t2", "Bearer t3"]
    assert authority.asked[2] == (
        "",
        {"grant_type": "client_credentials", "client_id": "me&", "client_secret": "s:1"},
    )


async def test_a_secret_that_is_rotated_means_another_token(authority: Authority, place: str, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("one")
    async with client(place, tmp_path, client_secret=Secret(), client_secret_file=FilePath("secret")) as asking:
        assert await sent(asking, place) == "Bearer t1"
        (tmp_path / "secret").write_text("two")
        assert await sent(asking, place) == "Bearer t2"


@pytest.mark.parametrize(
    ("status", "answer", "told"),
    [
        (403, {}, "oauth2: cannot fetch token: 403 Forbidden\nResponse: no"),
        (200, {"access_token": ""}, "oauth2: server response missing access_token"),
        (200, {"expires_in": "soon"}, "oauth2: cannot parse the answer: could not convert string to float: 'soon'"),
    ],
)
async def test_what_is_no_token_is_told_with_the_url_that_needs_one(
    status: int, answer: dict[str, object], told: str, authority: Authority, place: str
) -> None:
    authority.status = status
    authority.answer |= answer
    async with client(place) as asking:
        if not told:
            assert await sent(asking, place) == "Bearer t1"
            return
        with pytest.raises(HttpError) as caught:
            await sent(asking, place)
    assert str(caught.value) == f'Get "{place}": {told}'


async def test_the_server_of_tokens_has_tls_of_its_own(authority: Authority, certificates: Certificates) -> None:
    async with (
        serving(authority.app()) as plain,
        serving(authority.app(), certificates.server("127.0.0.1")) as secure,
    ):
        async with client(secure, tls_config=TlsConfig(ca_file=certificates.ca)) as asking:
            assert await sent(asking, plain) == "Bearer t1"
        async with client(secure) as asking:
            with pytest.raises(HttpError, match="x509: certificate signed by unknown authority"):
                await sent(asking, plain)
