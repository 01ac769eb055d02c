"""The component `loki` where it runs: the service, its queries and its upkeep."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from aiohttp import web

from engine.foundation.clock import Clock
from engine.foundation.encode import encode
from engine.foundation.supervise import Supervisor
from engine.foundation.workers import ThreadWorkers, Workers
from engine.logs.config.settings import LogSettings
from engine.logs.metrics import families
from engine.logs.service import LogService
from engine.query.logs.engine import LogQueryEngine
from engine.query.logs.limits import LogQueryLimits
from engine.web.api.loki.routes import NO_RULING, routes
from engine.web.api.loki.rules import Ruling
from exporters.exposition.families import Family
from promql.model.durations import format_duration

UPKEEP_SECONDS: Final = 2.0
_NS: Final = 1_000_000


class LogPart:
    """Owns the service and its loop."""

    def __init__(self, folder: Path | None, settings: LogSettings, clock: Clock, workers: Workers) -> None:
        """None keeps nothing. Raises StoreError."""
        self.service = LogService(folder, settings, clock)
        self.queries = LogQueryEngine(self.service.reader, self._query_limits, workers, clock)
        self.folder = folder
        self._workers = workers
        self._pushes = ThreadWorkers(1)
        self._clock = clock

    def start(self, supervisor: Supervisor) -> asyncio.Task[None]:
        return supervisor.start("upkeep of the lines", self._upkeep)

    def apply(self, settings: LogSettings) -> None:
        """Go on with another configuration."""
        self.service.settings = settings

    def routes(self, ruling: Ruling = NO_RULING) -> list[web.RouteDef]:
        """`ruling` is what evaluates rules, where there are any."""

        def config() -> str:
            return encode(self.service.settings.config)

        return routes(self.service, self.queries, self._workers, self._pushes, config, ruling=ruling)

    async def collect(self, _: Sequence[str]) -> list[Family]:
        return families(self.service)

    def told(self) -> str:
        """Where lines are kept, and for how long."""
        config = self.service.settings.config
        place = "kept in memory alone" if self.folder is None else str(self.folder)
        kept = format_duration(config.retention_ms) if config.retention_ms else "for ever"
        return f"{place} ({kept})"

    def close(self) -> None:
        self._pushes.close()
        self.service.close()

    async def _upkeep(self) -> None:
        while True:
            await self._clock.sleep(UPKEEP_SECONDS)
            await self._workers.run(self.service.maintain)

    def _query_limits(self, tenant: str) -> LogQueryLimits:
        limits, config = self.service.limits(tenant), self.service.settings.config
        lookback = config.chunk_store_config.max_look_back_period or limits.max_query_lookback
        timeout = min(limits.query_timeout, config.querier.query_timeout or limits.query_timeout)
        return LogQueryLimits(
            max_entries=limits.max_entries_limit_per_query,
            max_length=limits.max_query_length * _NS,
            max_range=limits.max_query_range * _NS,
            max_lookback=lookback * _NS,
            max_series=limits.max_query_series,
            max_matchers=limits.max_streams_matchers_per_query,
            max_bytes=limits.max_query_bytes_read or limits.max_querier_bytes_read,
            max_tails=limits.max_concurrent_tail_requests,
            longest_tail=config.querier.tail_max_duration / 1000,
            required_labels=limits.required_labels,
            timeout=timeout / 1000,
        )
