"""Pages of applications that run in the process of the test: no port, no thread, no wait.

An ASGI application is asked on the engine's loop, a WSGI application and a function are called, a registry of
`prometheus_client` is rendered. Redirects are followed, as over HTTP.
"""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final, TypeAlias
from urllib.parse import urljoin

from yarl import URL

from engine.scrape.ports import Fetched, FetchError
from engine.testing.errors import TestEngineError

MOST_REDIRECTS: Final = 5
_OK: Final = 200
_REDIRECTS: Final = (301, 302, 303, 307, 308)
_ACCEPT: Final = "application/openmetrics-text;version=1.0.0;q=0.9,text/plain;version=0.0.4;q=0.5"

Told: TypeAlias = tuple[int, Mapping[str, str], bytes]
"""Status, headers by lower-case name, body."""
Ask: TypeAlias = Callable[[URL], Awaitable[Told]]


def asking(app: Any) -> Ask:
    """How this application is asked. Raises TestEngineError where it is none."""
    if callable(getattr(app, "collect", None)):
        return _of_registry(app)
    if not callable(app):
        raise TestEngineError(
            f"{app!r} can't be scraped: want a URL, an ASGI or WSGI application, a function, a registry"
        )
    kinds: Mapping[int, Callable[[Any], Ask]] = {0: _of_function, 2: _of_wsgi, 3: _of_asgi}
    wanted = len(_required(app))
    if wanted not in kinds:
        raise TestEngineError(
            f"{app!r} takes {wanted} arguments: ASGI takes 3, WSGI 2, and a function that gives a page none"
        )
    return kinds[wanted](app)


async def page(ask: Ask, url: URL) -> Fetched:
    """The page there. Raises FetchError."""
    for _ in range(MOST_REDIRECTS + 1):
        status, headers, body = await ask(url)
        if status not in _REDIRECTS:
            break
        url = URL(urljoin(str(url), headers.get("location", "")))
    if status != _OK:
        raise FetchError(f"server returned HTTP status {status}")
    return Fetched(body, headers.get("content-type", ""))


def _required(app: Any) -> list[str]:
    found = inspect.signature(app).parameters.values()
    return [
        one.name
        for one in found
        if one.default is one.empty and one.kind in (one.POSITIONAL_ONLY, one.POSITIONAL_OR_KEYWORD)
    ]


def _of_registry(registry: Any) -> Ask:
    async def ask(_: URL) -> Told:
        from prometheus_client import generate_latest  # noqa: PLC0415 - it is here, since its registry is

        return _OK, {"content-type": "text/plain; version=0.0.4"}, generate_latest(registry)

    return ask


def _of_function(function: Callable[[], str | bytes]) -> Ask:
    async def ask(_: URL) -> Told:
        text = function()
        if not isinstance(text, str | bytes):
            raise FetchError(f"the function gave {text!r}, where a page is wanted, as text or bytes")
        return _OK, {"content-type": "text/plain; version=0.0.4"}, text.encode() if isinstance(text, str) else text

    return ask


def _of_asgi(app: Callable[..., Awaitable[None]]) -> Ask:
    async def ask(url: URL) -> Told:
        sent: list[Mapping[str, Any]] = []

        async def receive() -> Mapping[str, Any]:
            return {"type": "http.request", "body": b"", "more_body": False}

        async def send(message: Mapping[str, Any]) -> None:
            sent.append(message)

        await app(_scope(url), receive, send)
        start = next((one for one in sent if one["type"] == "http.response.start"), None)
        if start is None:
            raise FetchError("the application gave no answer")
        headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in start.get("headers", ())}
        return start["status"], headers, b"".join(one.get("body", b"") for one in sent)

    return ask


def _scope(url: URL) -> dict[str, Any]:
    return {
        "type": "http", "asgi": {"version": "3.0", "spec_version": "2.3"}, "http_version": "1.1", "method": "GET",
        "scheme": url.scheme, "path": url.path, "raw_path": url.raw_path.encode(), "root_path": "",
        "query_string": url.raw_query_string.encode(), "server": (url.host, url.port), "client": ("127.0.0.1", 1),
        "headers": [(b"host", f"{url.host}:{url.port}".encode()), (b"accept", _ACCEPT.encode())],
    }  # fmt: skip


def _of_wsgi(app: Callable[..., Any]) -> Ask:
    async def ask(url: URL) -> Told:
        from wsgiref.util import setup_testing_defaults  # noqa: PLC0415 - few need it

        environ: dict[str, Any] = {
            "REQUEST_METHOD": "GET", "PATH_INFO": url.path, "QUERY_STRING": url.raw_query_string,
            "HTTP_HOST": f"{url.host}:{url.port}", "HTTP_ACCEPT": _ACCEPT,
        }  # fmt: skip
        setup_testing_defaults(environ)
        told: list[tuple[int, dict[str, str]]] = []

        def start_response(status: str, headers: list[tuple[str, str]], _: Any = None) -> None:
            told.append((int(status.partition(" ")[0]), {name.lower(): value for name, value in headers}))

        parts = app(environ, start_response)
        try:
            body = b"".join(parts)
        finally:
            if hasattr(parts, "close"):
                parts.close()
        return *told[-1], body

    return ask
