"""Calling others over HTTP, as a client configuration says.

Errors are told in the words in which Prometheus shows them (`Get "http://x/metrics": dial tcp 127.0.0.1:9: connect:
connection refused`), since people search for those. Credentials in files are read when they are sent, so that rotating
them needs no reload.
"""

from __future__ import annotations

import asyncio
import ssl
from base64 import b64encode
from collections import Counter
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from http.client import responses
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import aiohttp
from yarl import URL

from engine.foundation.addresses import AddressBook, LocalPage, Route
from engine.foundation.errors import ConfigError, RemoteError
from engine.foundation.http_config import HTTPClientConfig, TlsConfig
from engine.foundation.http_errors import go_error, quoted
from engine.foundation.tls import ClientTls, TlsError

with suppress(ImportError):
    from isal import isal_zlib

    aiohttp.set_zlib_backend(isal_zlib)  # gunzips in a third of the time

_BUFFER: Final = 2**18
_REDIRECTS: Final = 10
_LARGEST_PORT: Final = 65535
DEADLINE: Final = "context deadline exceeded"


class HttpError(RemoteError):
    """No whole answer came; the text is Prometheus's."""


class BodyTooLargeError(HttpError):
    """The answer reached the limit."""


@dataclass(frozen=True, slots=True)
class Response:
    """A whole answer, decompressed. Header names are in lower case."""

    status: int
    reason: str
    headers: Mapping[str, str]
    body: bytes


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
        self._in_flight: Counter[str] = Counter()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
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
    ) -> Response:
        """Any status is an answer; `limit` (bytes, 0 for none) fails one that reaches it. Seconds in, HttpError out."""
        verb = method.capitalize()
        try:
            target = _parse(url)
            sent = _checked({**(headers or {}), **self._authorization()})
            async with asyncio.timeout(timeout):
                route = await self._addresses.lead(target)
                if route.page is not None:
                    return await _ask_page(route.page, target, sent, limit)
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
        if any((char < " " and char != "\t") or char == "\x7f" for char in value):
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
