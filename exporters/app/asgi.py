"""Metrics of an ASGI application: FastAPI, Starlette, Django's, or any other.

    app = FastAPI()
    app.add_middleware(MetricsMiddleware, options=AppOptions(browser=True))

A request is over when the last part of its answer was sent, so streams count whole, and what runs in the background
later does not. A client that hangs up, and a request that is cancelled, are no exceptions: they count as status 499.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from typing import Any, TypeAlias

from engine.foundation.clock import Clock
from exporters.app.endpoints import EXCEPTION_KEY, below
from exporters.app.measuring import Ending, Measuring
from exporters.app.options import DEFAULTS, AppOptions

Scope: TypeAlias = MutableMapping[str, Any]
Message: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Message]]
Send: TypeAlias = Callable[[Message], Awaitable[None]]
App: TypeAlias = Callable[[Scope, Receive, Send], Awaitable[None]]


class MetricsMiddleware:
    """Measures the application, and answers for its metrics and beacons."""

    def __init__(self, app: App, *, options: AppOptions = DEFAULTS, clock: Clock | None = None) -> None:
        self._app = app
        self._measuring = Measuring(options, clock)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        root = scope.get("root_path", "")
        method, path, desk = scope["method"], below(scope["path"], root), self._measuring.desk
        if path == self._measuring.options.metrics_path and method in ("GET", "HEAD"):
            found = self._measuring.page(_header(scope, b"accept"), _header(scope, b"accept-encoding"))
            await _answer(send, 200, found.headers, found.body if method == "GET" else b"")
        elif desk is not None and desk.takes(method, path):
            body = await _body(receive, desk.most_bytes)
            told = desk.answer(method, path, _header(scope, b"origin"), body)
            await _answer(send, told.status, told.headers, told.body)
        else:
            await _Request(self._measuring, scope, receive, send, root).run(self._app)


class _Request:
    """One request on its way through the application."""

    __slots__ = ("_began", "_counted", "_ending", "_measuring", "_receive", "_root", "_scope", "_send")

    def __init__(self, measuring: Measuring, scope: Scope, receive: Receive, send: Send, root: str) -> None:
        self._measuring = measuring
        self._scope = scope
        self._receive = receive
        self._send = send
        self._root = root
        self._began = measuring.clock.monotonic()
        self._ending = Ending()
        self._counted = False

    async def run(self, app: App) -> None:
        ending = self._ending
        try:
            await app(self._scope, self.receive, self.send)
        except Exception:
            ending.exception = not ending.hung_up
            raise
        except BaseException:  # cancelled, by whatever library runs the loop
            ending.hung_up = not ending.complete
            raise
        finally:
            self._count()

    async def receive(self) -> Message:
        message = await self._receive()
        if message["type"] == "http.disconnect" and not self._ending.complete:
            self._ending.hung_up = True
        return message

    async def send(self, message: Message) -> None:
        try:
            await self._send(message)
        except OSError:
            self._ending.hung_up = True
            raise
        match message["type"]:
            case "http.response.start":
                self._ending.started = message["status"]
            case "http.response.body" | "http.response.zerocopysend" if message.get("more_body"):
                return
            case "http.response.body" | "http.response.zerocopysend" | "http.response.pathsend":
                self._ending.complete = True
                self._count()
            case _:  # trailers, early hints
                return

    def _count(self) -> None:
        """At the end of the answer, or of the application where it gave none; and again what fails after the answer."""
        scope, ending = self._scope, self._ending
        exception = ending.exception or bool(scope.get(EXCEPTION_KEY))
        if self._counted and not exception:
            return
        endpoint = self._measuring.endpoints.of_scope(scope, self._root, ending.status)
        if self._counted:
            self._measuring.http.failed(scope["method"], endpoint)
            return
        self._counted = True
        seconds = self._measuring.clock.monotonic() - self._began
        self._measuring.ended(scope, scope["method"], endpoint, ending.status, seconds)
        if exception:
            scope.pop(EXCEPTION_KEY, None)
            ending.exception = False
            self._measuring.http.failed(scope["method"], endpoint)


def _header(scope: Scope, name: bytes) -> str:
    return ",".join(value.decode("latin-1") for key, value in scope["headers"] if key.lower() == name)


async def _body(receive: Receive, most: int) -> bytes:
    """The body, or of a longer one more than `most`."""
    body = b""
    while len(body) <= most:
        message = await receive()
        body += message.get("body", b"")
        if not message.get("more_body"):
            break
    return body


async def _answer(send: Send, status: int, headers: Iterable[tuple[str, str]], body: bytes) -> None:
    raw = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers]
    await send({"type": "http.response.start", "status": status, "headers": raw})
    await send({"type": "http.response.body", "body": body})
