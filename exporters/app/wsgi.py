"""Metrics of a WSGI application.

    application = MetricsMiddleware(application)

A request is over when its answer was read to the end; a server that closes it before says that the client hung up,
which counts as status 499. Files that a server sends by itself (`wsgi.file_wrapper`) are over when it has them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from http import HTTPStatus
from typing import Any, TypeAlias

from engine.foundation.clock import Clock
from exporters.app.beacons import BeaconDesk
from exporters.app.endpoints import EXCEPTION_KEY, ROUTE_KEY
from exporters.app.measuring import Ending, Measuring
from exporters.app.options import DEFAULTS, AppOptions

Environ: TypeAlias = dict[str, Any]
App: TypeAlias = Callable[[Environ, Any], Iterable[bytes]]


class MetricsMiddleware:
    """Measures the application, and answers for its metrics and beacons."""

    def __init__(self, app: App, *, options: AppOptions = DEFAULTS, clock: Clock | None = None) -> None:
        self._app = app
        self._measuring = Measuring(options, clock)

    def __call__(self, environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        method, path, desk = environ["REQUEST_METHOD"], environ.get("PATH_INFO", ""), self._measuring.desk
        if path == self._measuring.options.metrics_path and method in ("GET", "HEAD"):
            found = self._measuring.page(environ.get("HTTP_ACCEPT", ""), environ.get("HTTP_ACCEPT_ENCODING", ""))
            return _answer(start_response, 200, found.headers, found.body if method == "GET" else b"")
        if desk is not None and desk.takes(method, path):
            told = desk.answer(method, path, environ.get("HTTP_ORIGIN", ""), _body(environ, desk))
            return _answer(start_response, told.status, told.headers, told.body)
        return _Request(self._measuring, environ, start_response).run(self._app)


class _Request:
    """One request on its way through the application; iterating over it gives the answer."""

    def __init__(self, measuring: Measuring, environ: Environ, start_response: Callable[..., Any]) -> None:
        self._measuring = measuring
        self._environ = environ
        self._start_response = start_response
        self._began = measuring.clock.monotonic()
        self._ending = Ending()
        self._counted = False
        self._answer: Iterable[bytes] = ()

    def run(self, app: App) -> Iterable[bytes]:
        try:
            self._answer = app(self._environ, self.start_response)
        except Exception:
            self._failed()
            raise
        wrapper = self._environ.get("wsgi.file_wrapper")
        if isinstance(wrapper, type) and isinstance(self._answer, wrapper):
            self._ending.complete = True
            self._count()
            return self._answer
        return self

    def start_response(self, status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
        self._ending.started = int(status.partition(" ")[0])
        return self._start_response(status, headers, exc_info) if exc_info else self._start_response(status, headers)

    def __iter__(self) -> Iterator[bytes]:
        try:
            yield from self._answer
        except Exception:
            self._failed()
            raise
        self._ending.complete = True
        self._count()

    def close(self) -> None:
        """Called by the server in any case."""
        try:
            close = getattr(self._answer, "close", None)
            if close is not None:
                close()
        finally:
            self._ending.hung_up = not self._ending.complete
            self._count()

    def _failed(self) -> None:
        self._ending.exception = True
        self._count()

    def _count(self) -> None:
        if self._counted:
            return
        self._counted = True
        environ, ending, measuring = self._environ, self._ending, self._measuring
        endpoint = environ.get(ROUTE_KEY) or measuring.endpoints.of_path(environ.get("PATH_INFO", ""), ending.status)
        seconds = measuring.clock.monotonic() - self._began
        measuring.ended(environ, environ["REQUEST_METHOD"], endpoint, ending.status, seconds)
        if ending.exception or environ.get(EXCEPTION_KEY):
            measuring.http.failed(environ["REQUEST_METHOD"], endpoint)


def _body(environ: Environ, desk: BeaconDesk) -> bytes:
    length = environ.get("CONTENT_LENGTH") or "0"
    wanted = min(int(length), desk.most_bytes + 1) if length.isdecimal() else 0
    body: bytes = environ["wsgi.input"].read(wanted)
    return body


def _answer(
    start_response: Callable[..., Any], status: int, headers: Iterable[tuple[str, str]], body: bytes
) -> Iterable[bytes]:
    named = [("-".join(map(str.capitalize, name.split("-"))), value) for name, value in headers]
    if status != HTTPStatus.NO_CONTENT and not any(name == "Content-Length" for name, _ in named):
        named.append(("Content-Length", str(len(body))))
    start_response(f"{status} {HTTPStatus(status).phrase}", named)
    return [body]
