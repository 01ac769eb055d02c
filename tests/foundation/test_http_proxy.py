"""Which proxy is asked, and tunnels through real ones on loopback."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from aiohttp import web
from yarl import URL

from engine.foundation.addresses import AddressBook
from engine.foundation.clock import SystemClock
from engine.foundation.http_client import HttpClient, HttpError
from engine.foundation.http_config import HTTPClientConfig, TlsConfig
from engine.foundation.http_proxy import Proxies
from engine.foundation.values import Secret, Url
from tests.foundation.certificates import Certificates
from tests.foundation.serving import serving


def through(url: str, no_proxy: str = "") -> bool:
    config = HTTPClientConfig(proxy_url=Url("http://p:1"), no_proxy=no_proxy)
    return Proxies.of(config, {}).proxy(URL(url)) is not None


def test_without_a_list_everything_goes_through_the_proxy() -> None:
    assert through("http://localhost:9/")
    assert through("https://a.example/")


@pytest.mark.parametrize(
    ("no_proxy", "url", "proxied"),
    [
        ("example.org", "http://example.org/", False),
        ("example.org", "http://a.b.example.org/", False),
        ("example.org", "http://anexample.org/", True),
        (".example.org", "http://example.org/", True),
        (".example.org", "http://a.example.org/", False),
        ("*.example.org", "http://a.example.org/", False),
        ("EXAMPLE.org", "http://Example.ORG/", False),
        ("a, b", "http://b/", False),
        ("example.org:8080", "http://example.org:8080/", False),
        ("example.org:8080", "http://example.org/", True),
        ("example.org:443", "https://example.org/", False),
        ("10.0.0.0/8", "http://10.1.2.3:9/", False),
        ("10.0.0.0/8", "http://11.1.2.3:9/", True),
        ("10.0.0.0/nine", "http://10.1.2.3:9/", True),
        ("10.1.2.3", "http://10.1.2.3:9/", False),
        ("10.1.2.3:8", "http://10.1.2.3:9/", True),
        ("[fd00::1]:9", "http://[fd00::1]:9/", False),
        ("fd00::/8", "http://[fd00::1]:9/", False),
        ("*", "http://example.org/", False),
        ("x", "http://localhost:9/", False),
        ("x", "http://127.0.0.9:9/", False),
        ("x", "http://[::1]:9/", False),
    ],
)
def test_a_list_spares_what_it_names_and_this_machine(no_proxy: str, url: str, *, proxied: bool) -> None:
    assert through(url, no_proxy) is proxied


def test_the_environment_tells_a_proxy_for_each_scheme() -> None:
    environment = {"HTTP_PROXY": "p:1", "http_proxy": "q:1", "https_proxy": "http://s:2", "NO_PROXY": "inner"}
    proxies = Proxies.of(HTTPClientConfig(proxy_from_environment=True), environment)
    assert str(proxies.proxy(URL("http://a/"))) == "http://p:1"
    assert str(proxies.proxy(URL("https://a/"))) == "http://s:2"
    assert proxies.proxy(URL("http://inner/")) is None
    assert Proxies.of(HTTPClientConfig(), environment).proxy(URL("http://a/")) is None


class Proxy:
    """Makes tunnels to wherever the only server listens, whoever is asked for."""

    def __init__(self, to: str) -> None:
        self.port = int(to.rpartition(":")[2])
        self.heads: list[str] = []
        self.refuses = b""
        self._pipes: list[asyncio.Task[None]] = []

    async def accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.heads.append((await reader.readuntil(b"\r\n\r\n")).decode())
        if self.refuses:
            writer.write(self.refuses)
            writer.close()
            return
        inner = await asyncio.open_connection("127.0.0.1", self.port)
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        self._pipes += [asyncio.ensure_future(pipe(reader, inner[1])), asyncio.ensure_future(pipe(inner[0], writer))]

    async def close(self) -> None:
        for one in self._pipes:
            one.cancel()
        await asyncio.gather(*self._pipes, return_exceptions=True)


async def pipe(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while data := await reader.read(65536):
            writer.write(data)
    finally:
        writer.close()


@asynccontextmanager
async def proxying(to: str, tls: ssl.SSLContext | None = None) -> AsyncIterator[tuple[Proxy, str]]:
    proxy = Proxy(to)
    server = await asyncio.start_server(proxy.accept, "127.0.0.1", 0, ssl=tls)
    try:
        yield proxy, f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()
        await proxy.close()
        await server.wait_closed()


async def hello(_: web.Request) -> web.Response:
    return web.Response(text="hello")


def app() -> web.Application:
    made = web.Application()
    made.router.add_get("/", hello)
    return made


async def get(url: str, config: HTTPClientConfig) -> bytes:
    async with HttpClient(config, AddressBook(SystemClock(), translate=False)) as client:
        return (await client.request("GET", url, timeout=60)).body


@pytest.mark.parametrize("secure", [False, True])
async def test_tls_goes_through_a_tunnel_that_is_asked_for_with_the_headers_for_it(
    certificates: Certificates, *, secure: bool
) -> None:
    outer = certificates.server("127.0.0.1") if secure else None
    async with (
        serving(app(), certificates.server("far.example")) as inner,
        proxying(inner, outer) as (proxy, place),
    ):
        config = HTTPClientConfig(
            proxy_url=Url(f"{'https' if secure else 'http'}://me:pw@{place}"),
            proxy_connect_header={"x-for": (Secret("a"), Secret("b"))},
            tls_config=TlsConfig(ca_file=certificates.ca),
        )
        assert await get("https://far.example:444/", config) == b"hello"
        (head,) = proxy.heads
        assert head.startswith("CONNECT far.example:444 HTTP/1.1\r\n")
        assert "X-For: a\r\nX-For: b\r\n" in head
        assert "Proxy-Authorization: Basic bWU6cHc=\r\n" in head


async def test_a_tunnel_that_is_refused_is_told(certificates: Certificates) -> None:
    async with proxying("x:1") as (proxy, place):
        proxy.refuses = b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n"
        with pytest.raises(HttpError) as caught:
            await get("https://far.example/", HTTPClientConfig(proxy_url=Url(f"http://{place}")))
    assert str(caught.value) == 'Get "https://far.example/": Proxy Authentication Required'


async def test_a_proxy_that_is_not_there_is_told() -> None:
    with pytest.raises(HttpError) as caught:
        await get("http://far.example/", HTTPClientConfig(proxy_url=Url("http://127.0.0.1:1")))
    told = "proxyconnect tcp: dial tcp 127.0.0.1:1: connect: connection refused"
    assert str(caught.value) == f'Get "http://far.example/": {told}'


async def test_a_kind_of_proxy_that_is_not_spoken_to_is_told() -> None:
    with pytest.raises(HttpError, match="socks4 proxies are not supported: use an http, https or socks5 one"):
        await get("http://far.example/", HTTPClientConfig(proxy_url=Url("socks4://127.0.0.1:1")))


async def _socks5(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """RFC 1928, with the password of RFC 1929; whoever asks for `far.example` gets the answer of a server there."""
    version, methods = await reader.readexactly(2)
    assert (version, 2 in await reader.readexactly(methods)) == (5, True)
    writer.write(b"\x05\x02")
    _, length = await reader.readexactly(2)
    user = await reader.readexactly(length)
    password = await reader.readexactly((await reader.readexactly(1))[0])
    writer.write(b"\x01\x00" if (user, password) == (b"me", b"secret") else b"\x01\x01")
    head = await reader.readexactly(5)
    assert head[3] == 3  # a name, which the proxy looks up
    name = await reader.readexactly(head[4])
    port = int.from_bytes(await reader.readexactly(2), "big")
    known = (name, port) == (b"far.example", 80)
    writer.write(bytes([5, 0 if known else 4, 0, 1]) + bytes(6))
    if known:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nConnection: close\r\n\r\nfar")
    await writer.drain()
    writer.close()


async def test_a_socks5_proxy_finds_the_name_and_passes_the_request_on() -> None:
    server = await asyncio.start_server(_socks5, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        config = HTTPClientConfig(proxy_url=Url(f"socks5://me:secret@127.0.0.1:{port}"))
        assert (await get("http://far.example/", config)) == b"far"
        with pytest.raises(HttpError, match=f"socks connect tcp 127.0.0.1:{port}->nowhere.example:80"):
            await get("http://nowhere.example/", config)
    with pytest.raises(HttpError, match=r"socks connect tcp 127\.0\.0\.1:1->far\.example:80"):
        await get("http://far.example/", HTTPClientConfig(proxy_url=Url("socks5://127.0.0.1:1")))
