"""A Kubernetes API that speaks the real protocol: lists in pages, watches by version with bookmarks, what is too old is gone,
and connections that break whenever a test wants it.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web

from tests.foundation.serving import serving

PODS = "/api/v1/pods"


class Cluster:
    """Objects by the path under which they are listed, all namespaces together; `put` and `delete` wake the watches.

    `open` are the watches that run.
    """

    def __init__(self, release: str = "v1.29.1") -> None:
        self.release = release
        self.version = 100
        self.oldest = 0  # what happened before is forgotten
        self.objects: dict[str, dict[str, Any]] = {}
        self.events: list[tuple[int, str, str, Any]] = []
        self.asked: list[str] = []
        self.authorization: set[str] = set()
        self.forbidden: set[str] = set()
        self.page = 1000
        self.server = ""
        self.open: set[web.StreamResponse] = set()
        self._news = asyncio.Condition()

    async def put(self, path: str, *things: dict[str, Any]) -> None:
        for thing in things:
            self.version += 1
            kept = {**thing, "metadata": {**thing["metadata"], "resourceVersion": str(self.version)}}
            known = self.objects.setdefault(path, {})
            name = _key(thing)
            self.events.append((self.version, path, "MODIFIED" if name in known else "ADDED", kept))
            known[name] = kept
        await self._wake()

    async def delete(self, path: str, name: str, *, quietly: bool = False) -> None:
        """`quietly`: no watch will ever tell."""
        self.version += 1
        gone = self.objects[path].pop(name)
        gone = {**gone, "metadata": {**gone["metadata"], "resourceVersion": str(self.version)}}
        if not quietly:
            self.events.append((self.version, path, "DELETED", gone))
        await self._wake()

    async def bookmark(self, path: str) -> None:
        """Nothing has happened there up to now."""
        self.events.append((self.version, path, "BOOKMARK", {"metadata": {"resourceVersion": str(self.version)}}))
        await self._wake()

    async def forget(self) -> None:
        """As after compaction: watches from before now are refused, and those that run are told so."""
        self.version += 1
        self.oldest = self.version
        await self._wake()

    async def disconnect(self) -> None:
        """Every watch breaks in the middle of a line."""
        for response in list(self.open):
            with contextlib.suppress(ConnectionError):
                await response.write(b'{"type": "ADD')
            if response._req is not None and response._req.transport is not None:
                response._req.transport.abort()

    async def _wake(self) -> None:
        async with self._news:
            self._news.notify_all()

    async def answer(self, request: web.Request) -> web.StreamResponse:
        self.asked.append(str(request.rel_url))
        self.authorization.add(request.headers.get("Authorization", ""))
        if request.path == "/version":
            return web.json_response({"gitVersion": self.release})
        path, namespace = _split(request.path)
        if path in self.forbidden:
            return _status(403, f"{path} is forbidden")
        if "watch" in request.query:
            return await self._watch(request, path, namespace)
        return self._list(request, path, namespace)

    def _list(self, request: web.Request, path: str, namespace: str) -> web.Response:
        found = [thing for thing in self.objects.get(path, {}).values() if _within(thing, namespace)]
        begin = int(request.query.get("continue", "0"))
        end = begin + min(self.page, int(request.query["limit"]))
        metadata = {"resourceVersion": str(self.version)}
        if end < len(found):
            metadata["continue"] = str(end)
        return web.json_response({"metadata": metadata, "items": found[begin:end]})

    async def _watch(self, request: web.Request, path: str, namespace: str) -> web.StreamResponse:
        since = int(request.query["resourceVersion"])
        if since < self.oldest:
            return _status(410, "too old resource version")
        response = web.StreamResponse(headers={"Content-Type": "application/json"})
        await response.prepare(request)
        self.open.add(response)
        try:
            with contextlib.suppress(ConnectionError):
                await self._tell(response, path, namespace, since)
        finally:
            self.open.discard(response)
        return response

    async def _tell(self, response: web.StreamResponse, path: str, namespace: str, since: int) -> None:
        told = 0
        while True:
            if since < self.oldest:
                await _write(response, "ERROR", {"kind": "Status", "code": 410, "message": "Expired"})
                return
            for version, at, kind, thing in self.events[told:]:
                if at == path and (version > since or kind == "BOOKMARK") and _within(thing, namespace):
                    since = max(since, version)
                    await _write(response, kind, thing)
            told = len(self.events)
            async with self._news:
                await self._news.wait_for(lambda: len(self.events) > told or since < self.oldest)  # noqa: B023


async def _write(response: web.StreamResponse, kind: str, thing: Any) -> None:
    await response.write(json.dumps({"type": kind, "object": thing}).encode() + b"\n")


def _status(code: int, message: str) -> web.Response:
    return web.json_response({"kind": "Status", "code": code, "message": message}, status=code)


def _split(path: str) -> tuple[str, str]:
    before, found, after = path.partition("/namespaces/")
    if not found:
        return path, ""
    namespace, _, name = after.partition("/")
    return f"{before}/{name}", namespace


def _within(thing: Any, namespace: str) -> bool:
    return not namespace or thing["metadata"].get("namespace", namespace) == namespace


def _key(thing: dict[str, Any]) -> str:
    metadata = thing["metadata"]
    return f"{metadata['namespace']}/{metadata['name']}" if "namespace" in metadata else str(metadata["name"])


@asynccontextmanager
async def kubernetes(release: str = "v1.29.1", tls: ssl.SSLContext | None = None) -> AsyncIterator[Cluster]:
    made, app = Cluster(release), web.Application()
    app.router.add_get("/{path:.*}", made.answer)
    async with serving(app, tls) as made.server:
        yield made
