"""Calling others over HTTP, as a client configuration says.

Errors are told in the words in which Prometheus shows them (`Get "http://x/metrics": dial tcp 127.0.0.1:9: connect:
connection refused`), since people search for those. Credentials in files are read when they are sent, so that rotating
them needs no reload.
"""

from __future__ import annotations

import asyncio
import re
import ssl
from base64 import b64encode
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from http.client import responses
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import aiohttp
from isal import isal_zlib
from yarl import URL

from engine.foundation.addresses import AddressBook, LocalPage, Route
from engine.foundation.errors import ConfigError, RemoteError
from engine.foundation.http_answer import TooLongError
from engine.foundation.http_config import HTTPClientConfig, TlsConfig
from engine.foundation.http_errors import go_error, quoted
from engine.foundation.http_plain import LateBodyError, PlainClient, Question
from engine.foundation.tls import ClientTls, TlsError

aiohttp.set_zlib_backend(isal_zlib)  # gunzips in a third of the time

_BUFFER: Final = 2**18
_REDIRECTS: Final = 10
_REMEMBERED: Final = 2**12
"""URLs; what is found out about one is kept for the next request."""
_MOVED: Final = (301, 302, 303, 307, 308)
_LARGEST_PORT: Final = 65535
_GZIP: Final = 31  # zlib's name for its form
_GZIP_ROOM: Final = 65536  # by no more is a page longer than what it unpacks to
_UNFIT: Final = re.compile(r"[\0-\x08\n-\x1f\x7f]")  # noqa: TID251 - ours, linear
DEADLINE: Final = "context deadline exceeded"


class HttpError(RemoteError):
    """No whole answer came; the text is Prometheus's."""


class BodyTooLargeError(HttpError):
    """The answer reached the limit."""


@dataclass(frozen=True, slots=True)
class Response:
    """A whole answer. Header names are in lower case. The body may be `packed` where the caller takes that."""

    status: int
    reason: str
    headers: Mapping[str, str]
    body: bytes
    packed: bool = False


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


class HttpClient:
    """One configuration, one pool of connections. Relative file names belong to `base`. Raises ConfigError for oauth2.

    Use it as an async context, or `close()` it.
    """

    def __init__(self, config: HTTPClientConfig, addresses: AddressBook, *, base: Path = Path()) -> None:
        if config.oauth2 is not None:
            raise ConfigError("oauth2 is not supported yet: use authorization with credentials_file instead")
        self._config = config
        self._addresses = addresses
        self._base = base
        self._tls = ClientTls(config.tls_config, base)
        self._session: aiohttp.ClientSession | None = None
        self._plain = PlainClient(config.idle_conn_timeout / 1000)
        self._only_plain = not config.proxy_url and config.tls_config == TlsConfig()
        self._in_flight: Counter[str] = Counter()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        self._plain.close()
        session, self._session = self._session, None
        if session is not None:
            await session.close()

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

        With `packed` the body may be left compressed.
        """
        verb, loop = method.capitalize(), asyncio.get_running_loop()
        until = loop.time() + timeout
        try:
            target = _parse(url)
            sent = _checked({**(headers or {}), **self._authorization()})
            if (route := self._addresses.known(target)) is None or route.page is not None:
                async with asyncio.timeout(timeout):
                    route = await self._addresses.lead(target)
                    if route.page is not None:
                        return await _ask_page(route.page, target, sent, limit)
            if packed and method == "GET" and self._only_plain and _may_be_plain(route.url):
                answer = await self._ask_plainly(route.url, sent, timeout=timeout, limit=limit)
                if answer is not None:
                    return answer
                if (timeout := until - loop.time()) <= 0:  # no time at all would mean any time
                    raise TimeoutError
            return await self._send(method, route, sent, timeout=timeout, body=body, limit=limit)
        except _Headless as error:
            raise HttpError(f"{verb} {quoted(error.url or url)}: {error}") from None
        except TimeoutError:
            raise HttpError(f"{verb} {quoted(url)}: {DEADLINE}") from None

    async def _send(
        self, method: str, route: Route, headers: Mapping[str, str], *, timeout: float, body: bytes | None, limit: int
    ) -> Response:
        if route.url.scheme not in ("http", "https"):
            raise _Headless(f'unsupported protocol scheme "{route.url.scheme}"')
        config, host = self._config, route.url.authority
        self._in_flight[host] += 1
        if self._in_flight[host] > config.max_idle_conns_per_host:
            headers = {**headers, "Connection": "close"}  # so that no more than that many are ever kept
        try:
            response = await self._open().request(
                method,
                route.url,
                headers=headers,
                data=body,
                timeout=aiohttp.ClientTimeout(total=timeout),
                allow_redirects=config.follow_redirects,
                max_redirects=_REDIRECTS,
                ssl=self._trust(route.url),
                server_hostname=config.tls_config.server_name or None,
                proxy=config.proxy_url.reveal() or None,
            )
        except aiohttp.TooManyRedirects as error:
            raise _Headless(f"stopped after {_REDIRECTS} redirects", error.history[-1].headers["location"]) from None
        except TimeoutError:
            raise
        except (aiohttp.ClientError, OSError, UnicodeError) as error:
            raise _Headless(go_error(error, route.url)) from None
        else:
            async with response:
                return await _read(response, limit)
        finally:
            self._release(host)

    async def _ask_plainly(
        self, url: URL, headers: Mapping[str, str], *, timeout: float, limit: int
    ) -> Response | None:
        """The answer; None where it is none that can be had so. Raises HttpError, TimeoutError."""
        host = url.authority
        self._in_flight[host] += 1
        last = self._in_flight[host] > self._config.max_idle_conns_per_host
        lines = [f"{name}: {value}\r\n" for name, value in headers.items()] + ["Connection: close\r\n"] * last
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
        if answer is None or (answer.status in _MOVED and self._config.follow_redirects):
            return None
        compressed = answer.headers.get("content-encoding", "").lower() == "gzip"
        if not compressed and 0 < limit <= len(answer.body):
            raise BodyTooLargeError("body size limit exceeded")
        return Response(answer.status, answer.reason, answer.headers, answer.body, compressed)

    def _release(self, host: str) -> None:
        self._in_flight[host] -= 1
        if not self._in_flight[host]:
            del self._in_flight[host]

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            config = self._config
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(
                    limit=0,
                    keepalive_timeout=config.idle_conn_timeout / 1000,
                    resolver=aiohttp.ThreadedResolver(),
                ),
                cookie_jar=aiohttp.DummyCookieJar(),
                read_bufsize=_BUFFER,
            )
        return self._session

    def _trust(self, url: URL) -> ssl.SSLContext | bool:
        """The configuration's TLS, for plain HTTP too, which may be led to TLS; not made where it says nothing."""
        if url.scheme != "https" and self._config.tls_config == TlsConfig():
            return True
        try:
            return self._tls.context()
        except TlsError as error:
            raise _Headless(str(error)) from None

    def _authorization(self) -> dict[str, str]:
        """The header. Raises _Headless if a file can't be read."""
        basic, bearer = self._config.basic_auth, self._config.bearer
        if basic is not None:
            password = basic.password.reveal() or self._secret(basic.password_file, "basic auth password")
            return {"Authorization": "Basic " + b64encode(f"{basic.username}:{password}".encode()).decode()}
        if bearer is not None:
            secret = bearer.credentials.reveal() or self._secret(bearer.credentials_file, "authorization credentials")
            return {"Authorization": f"{bearer.scheme} {secret}"}
        return {}

    def _secret(self, name: str, what: str) -> str:
        if not name:
            return ""
        try:
            return (self._base / name).read_text().strip()
        except (OSError, UnicodeDecodeError) as error:
            reason = error.strerror or str(error) if isinstance(error, OSError) else "not UTF-8 text"
            raise _Headless(f"unable to read {what} file {name}: open {name}: {reason.lower()}") from None


class _Headless(Exception):  # noqa: N818 - becomes HttpError once the URL stands before it
    """What went wrong before there was an answer."""

    def __init__(self, text: str, url: str = "") -> None:
        super().__init__(text)
        self.url = url


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
            raise _Headless("missing ']' in host") from None
        raise _Headless(f"dial tcp: address {place.rpartition(':')[2]}: invalid port") from None
    return target


def _checked(headers: dict[str, str]) -> dict[str, str]:
    for name, value in headers.items():
        if _UNFIT.search(value) is not None:
            raise _Headless(f'net/http: invalid header field value for "{name}"')
    return headers


async def _read(response: aiohttp.ClientResponse, limit: int) -> Response:
    chunks: list[bytes] = []
    size = 0
    try:
        async for chunk in response.content.iter_any():
            size += len(chunk)
            if 0 < limit <= size:
                raise BodyTooLargeError("body size limit exceeded")
            chunks.append(chunk)
    except TimeoutError:
        raise HttpError(DEADLINE) from None
    except (aiohttp.ClientError, OSError) as error:
        raise HttpError(go_error(error, response.url)) from None
    headers = {name.lower(): value for name, value in response.headers.items()}
    return Response(response.status, response.reason or "", headers, b"".join(chunks))


async def _ask_page(page: LocalPage, url: URL, headers: Mapping[str, str], limit: int) -> Response:
    answer = await page(url, headers)
    if 0 < limit <= len(answer.body):
        raise BodyTooLargeError("body size limit exceeded")
    lower = {name.lower(): value for name, value in answer.headers.items()}
    return Response(answer.status, responses.get(answer.status, ""), lower, answer.body)
