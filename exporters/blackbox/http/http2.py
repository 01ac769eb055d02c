"""One request and its reply over HTTP/2, by way of h2 (the extra `http2`); gRPC is spoken on top of it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import Final

import h2.config
import h2.connection
import h2.errors
import h2.events
import h2.exceptions

from exporters.blackbox.http.reply import UNKNOWN_LENGTH, Reply, Request
from exporters.blackbox.task import ProbeError
from exporters.blackbox.wire import Wire

_OF_A_CONNECTION: Final = frozenset({"connection", "host", "keep-alive", "transfer-encoding", "upgrade"})


class Http2:
    """Owns the wire from now on. `answering` is called when the first byte of a reply comes."""

    def __init__(self, wire: Wire, answering: Callable[[], None] = lambda: None) -> None:
        self.trailers: dict[str, str] = {}
        self._wire = wire
        self._answering = answering
        self._state = h2.connection.H2Connection(h2.config.H2Configuration(header_encoding="latin-1"))
        self._events: list[h2.events.Event] = []
        self._stream = 0

    async def ask(self, request: Request) -> Reply:
        """The reply up to its headers. Raises ProbeError."""
        state = self._state
        state.initiate_connection()
        self._stream = state.get_next_available_stream_id()
        try:
            state.send_headers(self._stream, _headers(request), end_stream=not request.body)
        except h2.exceptions.ProtocolError as error:
            raise ProbeError(f"http2: {error}") from None
        await self._flush()
        if request.body:
            await self._send(request.body)
        while not isinstance(event := await self._next(), h2.events.ResponseReceived):
            pass
        self._answering()
        headers = [(str(name), str(value)) for name, value in event.headers]
        status = int(next(value for name, value in headers if name == ":status"))
        length = next((int(value) for name, value in headers if name == "content-length"), UNKNOWN_LENGTH)
        if length == UNKNOWN_LENGTH and event.stream_ended is not None:
            length = 0
        shown = [(name, value) for name, value in headers if not name.startswith(":")]
        return Reply(status, "HTTP/2.0", shown, length, self, self._wire.tls)

    async def pieces(self) -> AsyncIterator[bytes]:
        while not isinstance(event := await self._next(), h2.events.StreamEnded):
            if isinstance(event, h2.events.DataReceived):
                self._state.acknowledge_received_data(event.flow_controlled_length or 0, self._stream)
                await self._flush()
                yield event.data or b""
            elif isinstance(event, h2.events.TrailersReceived):
                self.trailers |= {str(name): str(value) for name, value in event.headers}

    def close(self) -> None:
        self._wire.close()

    async def _send(self, body: bytes) -> None:
        """No faster than the other side takes it."""
        rest = memoryview(body)
        while rest:
            room = min(self._state.local_flow_control_window(self._stream), self._state.max_outbound_frame_size)
            if room <= 0:
                await self._receive()
                continue
            piece, rest = rest[:room], rest[room:]
            self._state.send_data(self._stream, bytes(piece), end_stream=not rest)
            await self._flush()

    async def _next(self) -> h2.events.Event:
        """The next event of our stream."""
        while True:
            while not self._events:
                await self._receive()
            event = self._events.pop(0)
            if isinstance(event, h2.events.StreamReset):
                raise ProbeError(f"stream error: {_name(event.error_code)}")
            if isinstance(event, h2.events.ConnectionTerminated):
                raise ProbeError(f"http2: server sent GOAWAY and closed the connection: {_name(event.error_code)}")
            if getattr(event, "stream_id", None) == self._stream:
                return event

    async def _receive(self) -> None:
        data = await self._wire.read()
        if not data:
            raise ProbeError("unexpected EOF")
        try:
            self._events += self._state.receive_data(data)
        except h2.exceptions.ProtocolError as error:
            raise ProbeError(f"http2: the server does not speak it: {error}") from None
        await self._flush()

    async def _flush(self) -> None:
        if data := self._state.data_to_send():
            await self._wire.send(data)


def _headers(request: Request) -> list[tuple[str, str]]:
    kept = [(name.lower(), value) for name, value in request.headers if name.lower() not in _OF_A_CONNECTION]
    length = [("content-length", str(len(request.body)))] if request.body else []
    return [
        (":method", request.method),
        (":authority", request.authority),
        (":scheme", request.scheme),
        (":path", request.target),
        *kept,
        *length,
    ]


def _name(code: h2.errors.ErrorCodes | int | None) -> str:
    return code.name if isinstance(code, h2.errors.ErrorCodes) else str(code)
