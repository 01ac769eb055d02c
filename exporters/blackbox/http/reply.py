"""What an HTTP server answered, whichever version it speaks."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator, Iterator, Sequence
from typing import Protocol

from msgspec import Struct

UNKNOWN_LENGTH = -1


class Request(Struct, frozen=True):
    """What is asked. `target` is what stands in the request line, `authority` the host that is asked for."""

    method: str
    scheme: str
    authority: str
    target: str
    headers: Sequence[tuple[str, str]]
    body: bytes = b""


class Body(Protocol):
    """A body as it comes; reading raises ProbeError."""

    def pieces(self) -> AsyncIterator[bytes]: ...
    def close(self) -> None: ...


class Reply(Struct, frozen=True):
    """`version` is the protocol's name and number, `HTTP/1.1`; header names are in lower case.

    `length` is what was announced, `UNKNOWN_LENGTH` where nothing was.
    """

    status: int
    version: str
    headers: Sequence[tuple[str, str]]
    length: int
    body: Body
    tls: ssl.SSLObject | None

    def values(self, header: str) -> list[str]:
        return [value for name, value in self.headers if name == header.lower()]

    def first(self, header: str) -> str:
        return next(iter(self.values(header)), "")


class Exchange(Protocol):
    """One request and its reply over a wire, in some version of HTTP."""

    async def ask(self, request: Request) -> Reply:
        """The reply up to its headers. Raises ProbeError."""


class Trip(Struct):
    """When what happened on the way to one reply, by the clock's seconds; None is not yet."""

    encrypted: bool
    started: float | None = None
    resolved: float | None = None
    connected: float | None = None
    shaking: float | None = None
    shaken: float | None = None
    ready: float | None = None
    answered: float | None = None
    ended: float | None = None

    def phases(self, *, first: bool) -> Iterator[tuple[str, float]]:
        """Seconds by phase, as far as it got; the first trip's address was looked up before."""
        if not first:
            yield "resolve", _between(self.started, self.resolved)
        if self.ready is None:
            return
        if self.encrypted:
            yield "connect", _between(self.resolved, self.connected)
            yield "tls", _between(self.shaking, self.shaken)
        else:
            yield "connect", _between(self.resolved, self.ready)
        if self.answered is not None:
            yield "processing", _between(self.ready, self.answered)
            if self.ended is not None:
                yield "transfer", _between(self.answered, self.ended)


def _between(earlier: float | None, later: float | None) -> float:
    return 0.0 if earlier is None or later is None else later - earlier
