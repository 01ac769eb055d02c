"""One request and its reply over HTTP/1.1, by way of h11."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import Final, TypeAlias

import h11

from exporters.blackbox.http.reply import UNKNOWN_LENGTH, Reply, Request
from exporters.blackbox.task import ProbeError
from exporters.blackbox.wire import Wire

_LONGEST_HEAD: Final = 1 << 20
_BODILESS: Final = (204, 304)
Event: TypeAlias = object


class Http1:
    """Owns the wire from now on. `answering` is called when the first byte of a reply comes."""

    def __init__(self, wire: Wire, answering: Callable[[], None] = lambda: None) -> None:
        self._wire = wire
        self._answering = answering
        self._begun = False
        self._state = h11.Connection(h11.CLIENT, max_incomplete_event_size=_LONGEST_HEAD)

    async def ask(self, request: Request) -> Reply:
        """The reply up to its headers. Raises ProbeError."""
        try:
            data = self._state.send(
                h11.Request(method=request.method.encode(), target=request.target.encode(), headers=_headers(request))
            )
            data += self._state.send(h11.Data(request.body)) if request.body else b""
            data += self._state.send(h11.EndOfMessage())
        except h11.LocalProtocolError as error:
            raise ProbeError(f"net/http: {error}") from None
        await self._wire.send(data)
        while isinstance(event := await self._next(), h11.InformationalResponse):
            pass
        if not isinstance(event, h11.Response):
            raise ProbeError("EOF")
        headers = [(name.decode("ascii"), value.decode("latin-1")) for name, value in event.headers]
        version = f"HTTP/{event.http_version.decode('ascii')}"
        length = _length(headers, event.status_code)
        return Reply(event.status_code, version, headers, length, self, self._wire.tls)

    async def pieces(self) -> AsyncIterator[bytes]:
        while isinstance(event := await self._next(), h11.Data):
            yield bytes(event.data)

    def close(self) -> None:
        self._wire.close()

    async def _next(self) -> Event:
        try:
            while (event := self._state.next_event()) is h11.NEED_DATA:
                data = await self._wire.read()
                if data and not self._begun:
                    self._begun = True
                    self._answering()
                self._state.receive_data(data)
        except h11.RemoteProtocolError as error:
            told = "unexpected EOF" if "peer" in str(error) and "closed" in str(error) else f"malformed HTTP: {error}"
            raise ProbeError(told) from None
        return event


def _headers(request: Request) -> list[tuple[bytes, bytes]]:
    """In UTF-8, as Go sends them."""
    length = (
        [("Content-Length", str(len(request.body)))]
        if request.body or request.method in ("POST", "PUT", "PATCH")
        else []
    )
    headers = (("Host", request.authority), *request.headers, *length, ("Connection", "close"))
    return [(name.encode(), value.encode()) for name, value in headers]


def _length(headers: list[tuple[str, str]], status: int) -> int:
    """As Go knows it."""
    found = next((value for name, value in headers if name == "content-length"), None)
    chunked = any(name == "transfer-encoding" for name, _ in headers)
    if found is not None and not chunked:
        return int(found)
    return 0 if status in _BODILESS else UNKNOWN_LENGTH
