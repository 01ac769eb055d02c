"""The store of this process as a client: no HTTP in between, and positions are kept with the lines or not at all."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Final

from engine.foundation.clock import Clock
from engine.foundation.errors import DiskFullError
from engine.logql.lines import LogSink, StreamLines
from engine.logs.errors import PushRefusedError
from engine.promtail.batch import Batch
from engine.promtail.config_clients import ClientConfig
from engine.promtail.counts import SentCounts
from promql.model.labels import Labels

ANYBODY: Final = "fake"
"""Whom Loki takes everything for that names no tenant."""
_AGAIN_SECONDS: Final = 1.0
_RATE_LIMITED: Final = 429

log = logging.getLogger(__name__)


class OwnClient:
    """Lines that the store refuses are counted and gone, as they would be over HTTP. Where it can't keep anything (a
    full disk), sending waits until it can.
    """

    def __init__(self, config: ClientConfig, sink: LogSink, clock: Clock) -> None:
        self.counts = SentCounts(config.url.host)
        self.name = config.name
        self._config = config
        self._sink = sink
        self._clock = clock
        self.ending = False
        """Whether nobody may wait any more; then lines for which there is no room are gone, and positions not kept."""
        self._told = ""
        self._merged: dict[Labels, Labels] = {}

    @property
    def place(self) -> str:
        return f"{self._config.url.host}, in process"

    async def send(self, batch: Batch) -> None:
        by_tenant: dict[str, list[StreamLines]] = {}
        for tenant, lines in batch.streams:
            by_tenant.setdefault(tenant or self._config.tenant_id or ANYBODY, []).append(self._labelled(lines))
        if not by_tenant and batch.positions:
            by_tenant[self._config.tenant_id or ANYBODY] = []
        for place, (tenant, streams) in enumerate(by_tenant.items(), 1):
            # with the last tenant's lines, so that positions never run ahead of lines
            await self._push(tenant, streams, batch.positions if place == len(by_tenant) else {})

    async def _push(self, tenant: str, streams: list[StreamLines], positions: Mapping[str, str]) -> None:
        size = sum(sum(map(len, lines.lines)) for lines in streams)
        count = sum(len(lines.lines) for lines in streams)
        backoff = self._config.backoff_config
        pause, tries = float(backoff.min_period), 0
        while True:
            try:
                self._sink.push(tenant, streams, positions)
            except DiskFullError as error:
                if self.ending:
                    self.counts.dropped_entries["ingester_error"] += count
                    return
                self._tell(f"lines can't be kept now, and wait: {error}")
                await self._clock.sleep(_AGAIN_SECONDS)
                continue
            except PushRefusedError as error:
                tries += 1
                if error.status == _RATE_LIMITED and tries < backoff.max_retries and self._may_retry:
                    self.counts.retries += 1
                    await self._clock.sleep(pause / 1000)
                    pause = min(pause * 2, backoff.max_period)
                    continue  # lines that are kept already are recognised
                self._tell(f"lines were refused: {error}")
                self.counts.dropped_entries["rate_limited" if error.status == _RATE_LIMITED else "ingester_error"] += 1
            self.counts.sent_bytes += size
            self.counts.sent_entries += count
            self.counts.encoded_bytes += size
            return

    @property
    def _may_retry(self) -> bool:
        return not self._config.drop_rate_limited_batches

    async def close(self) -> None:
        """Nothing waits."""

    def _labelled(self, lines: StreamLines) -> StreamLines:
        if not self._config.external_labels:
            return lines
        labels = self._merged.get(lines.labels)
        if labels is None:
            labels = self._merged[lines.labels] = Labels.of(self._config.external_labels).overlay(lines.labels)
        return StreamLines(labels, lines.times, lines.lines, lines.metadata)

    def _tell(self, message: str) -> None:
        """Once as long as it is the same."""
        if message != self._told:
            self._told = message
            log.warning("promtail: %s", message)
