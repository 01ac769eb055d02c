"""A service over lines in memory, served with all of its paths."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import aiohttp

from engine.foundation.workers import InlineWorkers
from engine.logs.config.document import LokiConfig
from engine.logs.config.settings import LogSettings
from engine.logs.service import LogService
from engine.query.logs.engine import LogQueryEngine
from engine.query.logs.limits import LogQueryLimits
from engine.testing.manual_clock import ManualClock
from engine.web.api.loki.routes import routes
from tests.web.serving import serving

NOW_S = 1_795_600_800
NOW = NOW_S * 10**9
"""2026-11-25 10:00 UTC."""


@dataclass
class Loki:
    """A client of it. `tell` pushes what is JSON already."""

    service: LogService
    url: str
    session: aiohttp.ClientSession
    headers: dict[str, str] = field(default_factory=dict)

    async def post(self, path: str, body: bytes | Any, **headers: str) -> tuple[int, str]:
        async with self.session.post(self.url + path, data=body, headers={**self.headers, **headers}) as answer:
            return answer.status, await answer.text()

    async def get(self, path: str, **params: str) -> tuple[int, str]:
        async with self.session.get(self.url + path, params=params, headers=self.headers) as answer:
            return answer.status, await answer.text()

    async def json(self, path: str, **params: str) -> Any:
        async with self.session.get(self.url + path, params=params, headers=self.headers) as answer:
            assert answer.status == 200, await answer.text()
            return await answer.json(content_type=None)

    async def lines(self, query: str) -> list[list[str]]:
        """Those of a query, by time."""
        found = await self.json("/loki/api/v1/query_range", query=query, direction="forward", end=str(NOW + 10**12))
        return [value for stream in found["data"]["result"] for value in stream["values"]]


@asynccontextmanager
async def loki(config: LokiConfig | None = None) -> AsyncIterator[Loki]:
    clock = ManualClock(NOW // 10**6)
    service = LogService(None, LogSettings(config or LokiConfig(auth_enabled=False)), clock)
    workers = InlineWorkers()
    queries = LogQueryEngine(service.reader, lambda _: LogQueryLimits(), workers, clock)
    paths = routes(service, queries, workers, workers, lambda: "auth_enabled: false\n")
    async with (
        serving(paths, clock=clock) as port,
        aiohttp.ClientSession(skip_auto_headers=["Content-Type"]) as session,
    ):
        yield Loki(service, f"http://127.0.0.1:{port}", session)
