"""Calling others over HTTP, as a client configuration says.

Errors are told in the words in which Prometheus shows them (`Get "http://x/metrics": dial tcp 127.0.0.1:9: connect:
connection refused`), since people search for those. Redirects are followed here and by no library, since each step asks
anew where it leads, through which proxy, and whether it may know who calls.
"""

from __future__ import annotations

import asyncio
import os
import re
import ssl
from collections import Counter
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from functools import lru_cache
from http.client import responses
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import aiohttp
from isal import isal_zlib
from msgspec import Struct
from msgspec.structs import replace
from multidict import CIMultiDict
from yarl import URL

from engine.foundation import http_socks
from engine.foundation.addresses import AddressBook, LocalPage, Route
from engine.foundation.errors import RemoteError
from engine.foundation.http_answer import TooLongError
from engine.foundation.http_config import HTTPClientConfig, OAuth2, TlsConfig, canonical
from engine.foundation.http_errors import CallError, go_error, quoted
from engine.foundation.http_plain import LateBodyError, PlainClient, Question
from engine.foundation.http_proxy import Proxies
from engine.foundation.http_secrets import Credentials, Headers
from engine.foundation.oauth2 import Tokens
from engine.foundation.tls import ClientTls, TlsError

aiohttp.set_zlib_backend(isal_zlib)  # gunzips in a third of the time

_BUFFER: Final = 2**18
_REDIRECTS: Final = 10
_REMEMBERED: Final = 2**12
"""URLs; what is found out about one is kept for the next request."""
_MOVED: Final = (301, 302, 303, 307, 308)
_REPEATED: Final = (307, 308)
_LARGEST_PORT: Final = 65535
_GZIP: Final = 31  # zlib's name for its form
_GZIP_ROOM: Final = 65536  # by no more is a page longer than what it unpacks to
_UNFIT: Final = re.compile(r"[\0-\x08\n-\x1f\x7f]")  # noqa: TID251 - ours, linear
DEADLINE: Final = "context deadline exceeded"


class HttpError(RemoteError):
    """No whole answer came; the text is Prometheus's."""


class BodyTooLargeError(HttpError):
    """The answer reached the limit."""


class Response(Struct, frozen=True):
    """A whole answer. Header names are in lower case. The body may be `packed` where the caller takes that."""

    status: int
    reason: str
    headers: Mapping[str, str]
    body: bytes
    packed: bool = False


class Incoming(Struct, frozen=True):
    """An answer whose headers are here, and whose body comes in pieces; reading them raises HttpError."""

    status: int
    headers: Mapping[str, str]
    pieces: AsyncIterator[bytes]


def unpack(body: bytes, limit: int = 0) -> bytes:
    """A packed body as it was before. Raises HttpError, and BodyTooLargeError where it reaches the limit."""
    pieces: list[bytes] = []
    size = 0
    while body or not pieces:
        unpacker = isal_zlib.decompressobj(_GZIP)
        try:
            pieces.append(unpacker.decompress(body, limit - size) if limit else unpacker.decompress(body))
        except isal_zlib.error:  # type: ignore[misc]  # it has no types
            raise HttpError("gzip: invalid header") from None
        size += len(pieces[-1])
        if 0 < limit <= size:
            raise BodyTooLargeError("body size limit exceeded")
        if not unpacker.eof:
            raise HttpError("unexpected EOF")
        body = unpacker.unused_data
    return pieces[0] if len(pieces) == 1 else b"".join(pieces)


class _Call(Struct, frozen=True):
    """What is asked. `headers` are the caller's own; `until` is the loop's time at which it is too late."""

    method: str
    headers: Mapping[str, str]
    body: bytes | None
    limit: int
    packed: bool
    until: float

    @property
    def seconds(self) -> float:
        """The time that is left. Raises TimeoutError: no time at all would mean any time."""
        if (left := self.until - asyncio.get_running_loop().time()) <= 0:
            raise TimeoutError
        return left

    def again(self, status: int) -> _Call:
        """What is asked where a redirect of this status leads."""
        if status in _REPEATED or self.method in ("GET", "HEAD"):
            return self
        return replace(self, method="GET", body=None)


class HttpClient:
    """One configuration, one pool of connections. Relative file names belong to `base`.

    Use it as an async context, or `close()` it.
    """

    def __init__(
        self, config: HTTPClientConfig, addresses: AddressBook, *, base: Path = Path(), socket: str = ""
    ) -> None:
        """`socket` is the path of a Unix socket, where whoever is asked listens on one."""
        self._config = config
        self._addresses = addresses
        self._tls = ClientTls(config.tls_config, base)
        self._own_tls = config.tls_config != TlsConfig()
        self._credentials = Credentials(config, base)
        self._tokens = None if config.oauth2 is None else tokens_of(config.oauth2, config, addresses, base)
        self._proxies = Proxies.of(config, os.environ)
        self._socket = socket
        self._sessions: dict[URL | None, aiohttp.ClientSession] = {}
        self._plain = PlainClient(config.idle_conn_timeout / 1000)
        self._in_flight: Counter[str] = Counter()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        self._plain.close()
        sessions, self._sessions = self._sessions, {}
        for session in sessions.values():
            await session.close()
        if self._tokens is not None:
            await self._tokens.close()

    async def request(
        self,
        method: str,
        url: str,
        *,
        timeout: float,
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
        limit: int = 0,
        packed: bool = False,
    ) -> Response:
        """Any status is an answer; `limit` (bytes, 0 for none) fails one that reaches it. Seconds in, HttpError out.

        With `packed` the body may be left compressed. What proves who calls goes to the URL's host and to those below
        it, wherever redirects lead.
        """
        call = _Call(method, headers or {}, body, limit, packed, asyncio.get_running_loop().time() + timeout)
        verb, at, first = method.capitalize(), url, ""
        for _ in range(_REDIRECTS):
            try:
                target = _parse(at)
                first = first or (target.host or "")
                answer = await self._once(call, target, trusted=_is_below(target.host or "", first))
                onwards = self._leads_to(answer)
                if onwards is None:
                    return answer
                at, call = _joined(target, onwards), call.again(answer.status)
            except CallError as error:
                raise HttpError(f"{verb} {quoted(at)}: {error}") from None
            except TimeoutError:
                raise HttpError(f"{verb} {quoted(at)}: {DEADLINE}") from None
        raise HttpError(f"{verb} {quoted(onwards or at)}: stopped after {_REDIRECTS} redirects")

    def secrets(self) -> list[str]:
        """What proves who calls, as far as it can be read: for texts of others that may repeat it."""
        found = list(self._tokens.secrets()) if self._tokens is not None else []
        with suppress(CallError):  # of a file that can't be read nothing was told
            found += self._credentials.secrets()
        return found

    @asynccontextmanager
    async def stream(
        self, url: str, *, silence: float, headers: Mapping[str, str] | None = None
    ) -> AsyncIterator[Incoming]:
        """A GET whose body is read as it comes, and may go on for ever; `silence` is the longest pause, in seconds.

        Redirects are not followed. Raises HttpError, also while pieces are read.
        """
        try:
            target = _parse(url)
            sent, proxy = await self._headers(headers or {}, silence, trusted=True), self._proxies.proxy(target)
            route = await self._addresses.lead(target) if proxy is None else Route(target)
            timeout = aiohttp.ClientTimeout(total=None, sock_connect=silence, sock_read=silence)
            response = await self._begin("GET", route.url, sent, proxy, timeout=timeout)
        except CallError as error:
            raise HttpError(f"Get {quoted(url)}: {error}") from None
        except TimeoutError:
            raise HttpError(f"Get {quoted(url)}: {DEADLINE}") from None
        async with response:
            headed = {name.lower(): value for name, value in response.headers.items()}
            yield Incoming(response.status, headed, _pieces(response))

    def _leads_to(self, answer: Response) -> str | None:
        """The URL, perhaps a relative one, of an answer that is a redirect and has to be followed."""
        if answer.status not in _MOVED or not self._config.follow_redirects:
            return None
        return answer.headers.get("location") or None

    async def _once(self, call: _Call, target: URL, *, trusted: bool) -> Response:
        """One question and its answer. Raises CallError, HttpError, TimeoutError."""
        headers = await self._headers(call.headers, call.seconds, trusted=trusted)
        proxy = self._proxies.proxy(target)
        if (route := self._addresses.known(target)) is None or route.page is not None:
            async with asyncio.timeout_at(call.until):
                route = await self._addresses.lead(target) if proxy is None else route or Route(target)
                if route.page is not None:
                    return await _ask_page(route.page, target, dict(headers), call.limit)
        if call.packed and call.method == "GET" and proxy is None and not self._own_tls and _may_be_plain(route.url):
            answer = await self._ask_plainly(route.url, headers, timeout=call.seconds, limit=call.limit)
            if answer is not None:
                return answer
        return await self._send(call, route.url, headers, proxy)

    async def _headers(self, own: Mapping[str, str], seconds: float, *, trusted: bool) -> Headers:
        """With what proves who calls, for those who are trusted with it."""
        headers = [*own.items(), *(self._credentials.headers() if trusted else ())]
        if self._tokens is not None and trusted:
            headers.append(await self._tokens.header(seconds))
        _check(headers)
        return headers

    async def _send(self, call: _Call, url: URL, headers: Headers, proxy: URL | None) -> Response:
        host = url.authority
        self._in_flight[host] += 1
        if self._in_flight[host] > self._config.max_idle_conns_per_host:
            headers = [*headers, ("Connection", "close")]  # so that no more than that many are ever kept
        try:
            timeout = aiohttp.ClientTimeout(total=call.seconds)
            async with await self._begin(call.method, url, headers, proxy, timeout=timeout, body=call.body) as response:
                return await _read(response, call.limit)
        finally:
            self._release(host)

    async def _begin(
        self,
        method: str,
        url: URL,
        headers: Headers,
        proxy: URL | None,
        *,
        timeout: aiohttp.ClientTimeout,
        body: bytes | None = None,
    ) -> aiohttp.ClientResponse:
        """The answer up to its headers. Raises CallError, TimeoutError."""
        if url.scheme not in ("http", "https"):
            raise CallError(f'unsupported protocol scheme "{url.scheme}"')
        if proxy is not None and proxy.scheme not in ("http", "https", *http_socks.SCHEMES):
            raise CallError(f"{proxy.scheme} proxies are not supported: use an http, https or socks5 one")
        through = proxy if proxy is not None and proxy.scheme in http_socks.SCHEMES else None
        proxy = None if through is not None else proxy
        try:
            return await self._session_of(through).request(
                method,
                url,
                headers=headers,
                data=body,
                timeout=timeout,
                allow_redirects=False,
                ssl=self._trust(url, proxy),
                server_hostname=self._config.tls_config.server_name or None,
                proxy=proxy,
                proxy_headers=self._for_proxy() if proxy is not None and url.scheme == "https" else None,
            )
        except TimeoutError:
            raise
        except (aiohttp.ClientError, OSError, UnicodeError) as error:
            raise CallError(go_error(error, url)) from None
        except Exception as error:
            if through is not None and (told := http_socks.failure(error, through, url)) is not None:
                raise told from None
            raise

    def _for_proxy(self) -> CIMultiDict[str]:
        """What a proxy is told when it is asked for a tunnel."""
        headers = self._config.proxy_connect_header
        return CIMultiDict((canonical(name), one.reveal()) for name, values in headers.items() for one in values)

    async def _ask_plainly(self, url: URL, headers: Headers, *, timeout: float, limit: int) -> Response | None:
        """The answer; None where it is none that can be had so. Raises HttpError, TimeoutError."""
        host = url.authority
        self._in_flight[host] += 1
        last = self._in_flight[host] > self._config.max_idle_conns_per_host
        lines = [f"{name}: {value}\r\n" for name, value in headers] + ["Connection: close\r\n"] * last
        request = (_first_lines(url) + "".join(lines) + "\r\n").encode()
        room = limit + _GZIP_ROOM if limit else 0
        question = Question(url.raw_host or "", url.port or 80, request, timeout, room, last)
        try:
            answer = await self._plain.ask(question)
        except LateBodyError:
            raise HttpError(DEADLINE) from None
        except TooLongError:
            raise BodyTooLargeError("body size limit exceeded") from None
        except EOFError:
            raise HttpError("unexpected EOF") from None
        finally:
            self._release(host)
        if answer is None:
            return None
        compressed = answer.headers.get("content-encoding", "").lower() == "gzip"
        if not compressed and 0 < limit <= len(answer.body):
            raise BodyTooLargeError("body size limit exceeded")
        return Response(answer.status, answer.reason, answer.headers, answer.body, compressed)

    def _release(self, host: str) -> None:
        self._in_flight[host] -= 1
        if not self._in_flight[host]:
            del self._in_flight[host]

    def _session_of(self, socks: URL | None) -> aiohttp.ClientSession:
        """The connections through a SOCKS proxy, or all others. Raises CallError without the library for it."""
        if (found := self._sessions.get(socks)) is None:
            found = self._sessions[socks] = aiohttp.ClientSession(
                connector=self._connector(socks), cookie_jar=aiohttp.DummyCookieJar(), read_bufsize=_BUFFER
            )
        return found

    def _connector(self, socks: URL | None) -> aiohttp.BaseConnector:
        kept = self._config.idle_conn_timeout / 1000
        if socks is not None:
            return http_socks.connector(socks, kept)
        if self._socket:
            return aiohttp.UnixConnector(self._socket, limit=0, keepalive_timeout=kept)
        return aiohttp.TCPConnector(limit=0, keepalive_timeout=kept, resolver=aiohttp.ThreadedResolver())

    def _trust(self, url: URL, proxy: URL | None) -> ssl.SSLContext | bool:
        """The configuration's TLS; not made where there is none on the way."""
        if url.scheme != "https" and (proxy is None or proxy.scheme != "https"):
            return True
        try:
            return self._tls.context()
        except TlsError as error:
            raise CallError(str(error)) from None


def tokens_of(config: OAuth2, whose: HTTPClientConfig, addresses: AddressBook, base: Path) -> Tokens:
    own = HTTPClientConfig(
        follow_redirects=whose.follow_redirects,
        tls_config=config.tls_config,
        proxy_url=config.proxy_url,
        no_proxy=config.no_proxy,
        proxy_from_environment=config.proxy_from_environment,
        proxy_connect_header=config.proxy_connect_header,
    )
    return Tokens(config, HttpClient(own, addresses, base=base), base)


def _is_below(host: str, first: str) -> bool:
    return host == first or (host.endswith(f".{first}") and not first[-1:].isdigit())


def _joined(at: URL, location: str) -> str:
    try:
        return str(at.join(URL(location, encoded=True)))
    except ValueError:
        raise CallError(f"failed to parse Location header {quoted(location)}") from None


@lru_cache(maxsize=_REMEMBERED)
def _may_be_plain(url: URL) -> bool:
    return url.scheme == "http" and not url.raw_user


@lru_cache(maxsize=_REMEMBERED)
def _first_lines(url: URL) -> str:
    return f"GET {url.raw_path_qs} HTTP/1.1\r\nHost: {url.host_port_subcomponent}\r\n"


@lru_cache(maxsize=_REMEMBERED)
def _parse(url: str) -> URL:
    try:
        target = URL(url, encoded=True)
        if target.explicit_port is not None and target.explicit_port > _LARGEST_PORT:
            raise ValueError
    except ValueError:
        place = url.partition("://")[2].partition("/")[0]
        if place.count("[") != place.count("]"):
            raise CallError("missing ']' in host") from None
        raise CallError(f"dial tcp: address {place.rpartition(':')[2]}: invalid port") from None
    return target


def _check(headers: Headers) -> None:
    for name, value in headers:
        if _UNFIT.search(value) is not None:
            raise CallError(f'net/http: invalid header field value for "{name}"')


async def _read(response: aiohttp.ClientResponse, limit: int) -> Response:
    chunks: list[bytes] = []
    size = 0
    async for chunk in _pieces(response):
        size += len(chunk)
        if 0 < limit <= size:
            raise BodyTooLargeError("body size limit exceeded")
        chunks.append(chunk)
    headers = {name.lower(): value for name, value in response.headers.items()}
    return Response(response.status, response.reason or "", headers, b"".join(chunks))


async def _pieces(response: aiohttp.ClientResponse) -> AsyncGenerator[bytes]:
    """The body as it comes. Raises HttpError."""
    try:
        async for chunk in response.content.iter_any():
            yield chunk
    except TimeoutError:
        raise HttpError(DEADLINE) from None
    except (aiohttp.ClientError, OSError) as error:
        raise HttpError(go_error(error, response.url)) from None


async def _ask_page(page: LocalPage, url: URL, headers: Mapping[str, str], limit: int) -> Response:
    answer = await page(url, headers)
    if 0 < limit <= len(answer.body):
        raise BodyTooLargeError("body size limit exceeded")
    lower = {name.lower(): value for name, value in answer.headers.items()}
    return Response(answer.status, responses.get(answer.status, ""), lower, answer.body)
