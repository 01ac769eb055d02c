"""Calling Kubernetes: lists in pages, watches line by line, and what it says when it refuses."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Final, Generic, TypeVar
from urllib.parse import urlencode

import msgspec
from msgspec import Struct

from engine.discovery.http import USER_AGENT
from engine.discovery.kubernetes.objects import Thing
from engine.discovery.ports import DiscoveryError, DiscoveryParts
from engine.foundation.http_client import HttpClient, HttpError
from engine.foundation.lengths import Lengths

GONE: Final = 410
PAGE: Final = 250
WATCH_SECONDS: Final = 300
_PATIENCE: Final = 60.0
_SILENCE: Final = WATCH_SECONDS + 30.0
_HEADERS: Final = {"User-Agent": USER_AGENT, "Accept": "application/json"}
_VERSION: Final = re.compile(r"v?([0-9]+)\.([0-9]+)")  # noqa: TID251 - ours, linear
T = TypeVar("T", bound=Thing)
D = TypeVar("D")
Query = dict[str, str]


class GoneError(DiscoveryError):
    """The server no longer knows what was at that version: everything has to be listed again."""


class _Versioned(msgspec.Struct, rename="camel"):
    resource_version: str = ""
    continue_: str = msgspec.field(name="continue", default="")


class _Headed(msgspec.Struct):
    metadata: _Versioned = msgspec.field(default_factory=_Versioned)


class _Items(msgspec.Struct, Generic[T]):
    items: list[T] | None = None


class _Status(msgspec.Struct):
    code: int = 0
    message: str = ""


class _Event(msgspec.Struct):
    type: str
    object: msgspec.Raw


class _Version(msgspec.Struct, rename="camel"):
    git_version: str = ""


class Change(Struct, Generic[T], frozen=True):
    """What a watch tells: `kind` is ADDED, MODIFIED or DELETED; None only moves the version on."""

    version: str
    kind: str = ""
    thing: T | None = None


class Listed(Struct, Generic[T], frozen=True):
    """All that there is, as of a version."""

    version: str
    things: list[T]


class KubernetesApi:
    """One server. Everything raises HttpError, DiscoveryError."""

    def __init__(self, client: HttpClient, server: str, parts: DiscoveryParts) -> None:
        self._client = client
        self._server = server
        self._parts = parts

    async def release(self) -> tuple[int, int]:
        """Of the server: `(1, 29)`."""
        body = await self._get("/version", {})
        found = _VERSION.match(_decoded(body, _Version).git_version)
        if found is None:
            raise DiscoveryError("/version: tells no version that can be read")
        return int(found[1]), int(found[2])

    async def list(self, path: str, kind: type[T], selectors: Query) -> Listed[T]:
        """Everything at that path, page by page."""
        things: list[T] = []
        onwards: Query = {}
        while True:
            body = await self._get(path, {**selectors, "limit": str(PAGE), **onwards})
            head = _decoded(body, _Headed).metadata
            page: _Items[T] = _decoded(body, _Items[kind])  # type: ignore[valid-type]
            things += page.items or ()
            if not head.continue_:
                return Listed(head.resource_version, things)
            onwards = {"continue": head.continue_}

    @asynccontextmanager
    async def watch(
        self, path: str, kind: type[T], selectors: Query, version: str
    ) -> AsyncIterator[AsyncIterator[Change[T]]]:
        """What happens after that version, for some minutes. Raises GoneError too."""
        query = {
            **selectors,
            "watch": "true",
            "allowWatchBookmarks": "true",
            "resourceVersion": version,
            "timeoutSeconds": str(WATCH_SECONDS),
        }
        begun = self._parts.clock.monotonic()
        try:
            async with self._client.stream(self._url(path, query), silence=_SILENCE, headers=_HEADERS) as answer:
                self._count(path, str(answer.status), begun)
                if answer.status != 200:
                    raise _refusal(path, answer.status, b"".join([piece async for piece in answer.pieces]))
                yield _changes(path, answer.pieces, kind)
        except HttpError:
            self._parts.counts.kubernetes_answers["<error>"] += 1
            raise

    async def _get(self, path: str, query: Mapping[str, str]) -> bytes:
        begun = self._parts.clock.monotonic()
        try:
            answer = await self._client.request("GET", self._url(path, query), timeout=_PATIENCE, headers=_HEADERS)
        except HttpError:
            self._count(path, "<error>", begun)
            raise
        self._count(path, str(answer.status), begun)
        if answer.status != 200:
            raise _refusal(path, answer.status, answer.body)
        return answer.body

    def _url(self, path: str, query: Mapping[str, str]) -> str:
        return f"{self._server}{path}" + (f"?{urlencode(query)}" if query else "")

    def _count(self, path: str, status: str, begun: float) -> None:
        counts = self._parts.counts
        counts.kubernetes_answers[status] += 1
        counts.kubernetes_requests.setdefault(path, Lengths()).add(self._parts.clock.monotonic() - begun)


async def _changes(path: str, pieces: AsyncIterator[bytes], kind: type[T]) -> AsyncIterator[Change[T]]:
    async for line in _lines(pieces):
        event = _decoded(line, _Event)
        if event.type == "ERROR":
            raise _refusal(path, 0, bytes(event.object))
        version = _decoded(bytes(event.object), _Headed).metadata.resource_version
        if event.type == "BOOKMARK":
            yield Change(version)
        else:
            yield Change(version, event.type, _decoded(bytes(event.object), kind))


async def _lines(pieces: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """Whole lines; one that is cut off by the end is none."""
    rest = b""
    async for piece in pieces:
        *lines, rest = (rest + piece).split(b"\n")
        for line in lines:
            if line.strip():
                yield line


def _decoded(body: bytes, kind: type[D]) -> D:
    try:
        return msgspec.json.decode(body, type=kind)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise DiscoveryError(f"the answer is not what it should be: {error}") from None


def _refusal(path: str, status: int, body: bytes) -> DiscoveryError:
    try:
        said = msgspec.json.decode(body, type=_Status)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        said = _Status()
    code = status or said.code
    text = f"{path}: {code}: {said.message or 'no reason given'}"
    return GoneError(text) if code == GONE else DiscoveryError(text)
