"""All jobs. A new configuration is applied by difference: a job that stays as it was is not touched."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Mapping, Sequence
from hashlib import blake2b
from pathlib import Path

from msgspec.structs import replace

from engine.discovery.ports import DiscoveryCounts, DiscoveryParts
from engine.foundation.addresses import AddressBook
from engine.foundation.clock import Clock
from engine.foundation.supervise import Supervisor
from engine.foundation.workers import Workers
from engine.scrape.config import ScrapeConfig
from engine.scrape.counters import ScrapeCounters
from engine.scrape.fetch import HttpFetcher
from engine.scrape.loop import ScrapeLoop
from engine.scrape.pool import ActiveTarget, ScrapePool
from engine.scrape.ports import MakeFetcher, Parts, S, Store
from promql.model.labels import EMPTY, Labels


class ScrapeManager:
    """Owned by the application; lives on the event loop's thread.

    `pools` are the jobs in the order of the configuration; their `active` and `dropped` targets are what the API
    shows. `counters` and `discovery_counts` never go back. `base` is the folder to which relative file names in client
    options belong.
    """

    def __init__(
        self,
        *,
        clock: Clock,
        workers: Workers,
        store: Store[S],
        supervisor: Supervisor,
        addresses: AddressBook,
        base: Path = Path(),
        host: str | None = None,
        extra_metrics: bool = False,
        default_ports: bool = True,
        fetcher: MakeFetcher | None = None,
    ) -> None:
        self.counters = ScrapeCounters()
        self.discovery_counts = DiscoveryCounts()
        self.pools: Mapping[str, ScrapePool] = {}
        self._base = base
        self._addresses = addresses
        self._host = socket.getfqdn() if host is None else host
        self._fetcher: MakeFetcher = fetcher or self._http
        self._ending: set[asyncio.Task[None]] = set()
        self._parts = Parts(
            clock=clock,
            workers=workers,
            store=store,
            supervisor=supervisor,
            counters=self.counters,
            discovery=DiscoveryParts(
                clock=clock, workers=workers, addresses=addresses, base=base, counts=self.discovery_counts
            ),
            extra_metrics=extra_metrics,
            default_ports=default_ports,
        )

    @property
    def active(self) -> list[ActiveTarget]:
        """The targets of all jobs."""
        return [target for pool in self.pools.values() for target in pool.active]

    async def apply(self, configs: Sequence[ScrapeConfig], external_labels: Labels = EMPTY) -> None:
        """Scrape these jobs, whose intervals and timeouts are settled, and no others.

        The external labels take part in spreading the scrapes; other ones than before move new jobs only. Raises
        ConfigError, and then changes nothing.
        """
        self._parts = replace(self._parts, jitter=jitter(self._host, external_labels))
        older = dict(self.pools)
        fetchers = {config.job_name: self._fetcher(config) for config in configs if self._is_news(config)}
        pools: dict[str, ScrapePool] = {}
        for config in configs:
            pool = older.pop(config.job_name, None)
            if pool is None:
                pool = ScrapePool(config, self._parts, fetchers[config.job_name], self._part_with)
                pool.start()
            elif config.job_name in fetchers:
                self.counters.pool_reloads += 1
                await pool.reconfigure(config, fetchers[config.job_name])
            pools[config.job_name] = pool
        self.pools = pools
        for pool in older.values():
            await pool.stop(for_good=True)

    async def scrape_now(self, time: int) -> None:
        """One scrape of every target outside of its beat, at this instant (Unix ms), which none may have been yet."""
        for pool in list(self.pools.values()):
            await pool.scrape_now(time)

    async def stop(self) -> None:
        """End everything; the process goes down, so nothing is marked stale."""
        pools, self.pools = list(self.pools.values()), {}
        for pool in pools:
            await pool.stop(for_good=False)
        if self._ending:
            await self._parts.supervisor.stop(*self._ending)

    def _is_news(self, config: ScrapeConfig) -> bool:
        pool = self.pools.get(config.job_name)
        return pool is None or pool.config != config

    def _http(self, config: ScrapeConfig) -> HttpFetcher:
        return HttpFetcher(config, self._addresses, self._base)

    def _part_with(self, loop: ScrapeLoop) -> None:
        task = self._parts.supervisor.start(f"end of {loop.target.url}", loop.end)
        self._ending.add(task)
        task.add_done_callback(self._ending.discard)


def jitter(host: str, external_labels: Labels) -> int:
    """What spreads servers that scrape the same targets: 64 bits of the host's name and the external labels."""
    return int.from_bytes(blake2b(f"{host} {external_labels}".encode(), digest_size=8).digest(), "big")
