"""A port to which others push lines: as to Loki (`/loki/api/v1/push`), or bare ones (`/promtail/api/v1/raw`)."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Final

from aiohttp import web

from engine.foundation.errors import ConfigError, RemoteError
from engine.logs.push.json import Runs, from_json
from engine.logs.push.protobuf import from_snappy
from engine.promtail.config_sources import PushApiConfig, ScrapeConfig
from engine.promtail.entry import TENANT, Entry
from engine.promtail.targets.feed import Feed
from engine.promtail.targets.ports import TargetParts
from engine.promtail.targets.status import TargetStatus
from engine.relabel.relabel import relabel
from promql.model.labels import Labels

KIND: Final = "Push"
DEFAULT_PORT: Final = 3500
_LARGEST: Final = 16 * 1024 * 1024
_JSON: Final = "application/json"
_ORG: Final = "X-Scope-OrgID"


class PushApi:
    """A source of a job: one listening address, on loopback unless the configuration names another."""

    def __init__(self, config: ScrapeConfig, push: PushApiConfig, parts: TargetParts) -> None:
        self._config = config
        self._push = push
        self._parts = parts
        self._runner: web.AppRunner | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self._lines = 0
        self.address = ""
        """`HOST:PORT`, once it listens."""
        self._feed = Feed(parts.pipeline(config), parts.outlet, parts.clock)

    async def start(self) -> None:
        server = self._push.server
        host, port = server.http_listen_address or "127.0.0.1", server.http_listen_port or DEFAULT_PORT
        app = web.Application(client_max_size=_LARGEST)
        app.add_routes([
            web.post("/loki/api/v1/push", self._take_push),
            web.post("/api/prom/push", self._take_push),
            web.post("/promtail/api/v1/raw", self._take_raw),
            web.get("/ready", _ready),
        ])  # fmt: skip
        self._runner = web.AppRunner(app, access_log=None)
        await self._runner.setup()
        try:
            await web.TCPSite(self._runner, host, port).start()
        except OSError as error:
            await self._runner.cleanup()
            why = error.strerror or error
            raise ConfigError(f"the job {self._config.job_name} can't listen on {host}:{port}: {why}") from None
        bound = self._runner.addresses[0]
        self.address = f"{bound[0]}:{bound[1]}"
        self._tasks = [self._parts.supervisor.start(f"stages of {self._config.job_name}", self._feed.run)]

    async def stop(self) -> None:
        if self._runner is not None:
            await self._runner.cleanup()
        await self._parts.supervisor.stop(*self._tasks)
        await self._feed.flush()

    def status(self) -> list[TargetStatus]:
        labels, details = dict(self._push.labels), {"address": self.address, "lines": str(self._lines)}
        return [TargetStatus(KIND, self._config.job_name, labels, {}, ready=bool(self.address), details=details)]

    async def _take_push(self, request: web.Request) -> web.Response:
        kind = request.headers.get("Content-Type", "").partition(";")[0].strip().lower()
        body = await request.read()
        try:
            runs = await self._parts.workers.run(from_json if kind == _JSON else from_snappy, body)
        except RemoteError as error:
            return web.Response(status=400, text=f"{error}\n")
        await self._take(list(self._entries(runs, request.headers.get(_ORG, ""))))
        return web.Response(status=204)

    async def _take_raw(self, request: web.Request) -> web.Response:
        text = (await request.read()).decode("utf-8", "replace")
        labels = self._labels(Labels())
        lines = [line.removesuffix("\r") for line in text.split("\n")] if labels is not None else []
        await self._take([Entry.of(labels or {}, self._feed.now(), line) for line in lines if line])
        return web.Response(status=204)

    async def _take(self, entries: list[Entry]) -> None:
        self._lines += len(entries)
        self._parts.counts.pushed_entries += len(entries)
        await self._feed.take(entries, {})

    def _entries(self, runs: Runs, tenant: str) -> Iterator[Entry]:
        for stream, run in runs:
            labels = self._labels(stream)
            if labels is None:
                continue
            at = 0
            for place, (size, time) in enumerate(zip(run.sizes, run.times, strict=True)):
                line = run.text[at : at + size].decode("utf-8", "replace")
                at += size + 1
                entry = Entry.of(labels, time if self._push.use_incoming_timestamp else self._feed.now(), line)
                entry.metadata = dict(run.metadata.get(place, ()))
                if tenant:
                    entry.labels[TENANT] = tenant
                yield entry

    def _labels(self, stream: Labels) -> dict[str, str] | None:
        """None where the rules drop them. What the configuration says wins over what is pushed."""
        labels = relabel(stream.overlay(self._push.labels), self._config.relabel_configs)
        return None if labels is None else {name: value for name, value in labels if not name.startswith("__")}


async def _ready(_: web.Request) -> web.Response:
    return web.Response(text="ready\n")
