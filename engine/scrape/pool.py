"""One job: what discovery tells becomes targets, and each target has its loop."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from collections.abc import Set as AbstractSet
from functools import partial
from typing import Final

from msgspec import Struct

from engine.discovery.groups import Discovery, GroupTable, TargetGroup
from engine.discovery.sources import discoveries
from engine.foundation.lengths import Lengths
from engine.scrape.config import ScrapeConfig
from engine.scrape.look import Look, look_at
from engine.scrape.loop import Health, ScrapeLoop, source_key
from engine.scrape.metadata import MetadataCache
from engine.scrape.ports import Fetcher, Parts
from engine.scrape.target import Target, find_targets
from exporters.exposition.negotiate import format_of
from promql.model.labels import Labels

SYNC_SECONDS: Final = 5.0

log = logging.getLogger(__name__)


class ActiveTarget(Struct, frozen=True):
    """A target as the API shows it; `metadata` is alive, read it at once."""

    pool: str
    target: Target
    health: Health
    metadata: MetadataCache


class _Running(Struct, frozen=True, eq=False):
    loop: ScrapeLoop
    task: asyncio.Task[None]


class ScrapePool:
    """Owned by the manager. The first targets are taken on at once, later news at most every 5 seconds.

    `synced` is set once targets have been taken on. `part_with` takes loops whose targets are gone, and sees to their
    last stale markers.
    """

    def __init__(
        self, config: ScrapeConfig, parts: Parts, fetcher: Fetcher, part_with: Callable[[ScrapeLoop], None]
    ) -> None:
        self.config = config
        self.dropped: tuple[Labels, ...] = ()
        self.dropped_count = 0
        self._parts = parts
        self._part_with = part_with
        self._fetcher = fetcher
        self._groups = GroupTable()
        self._running: dict[str, _Running] = {}
        self._heirless: dict[str, ScrapeLoop] = {}
        self._news = asyncio.Event()
        self.synced = asyncio.Event()
        self._following: list[asyncio.Task[None]] = []
        self._listening: dict[str, asyncio.Task[None]] = {}

    @property
    def active(self) -> list[ActiveTarget]:
        return [
            ActiveTarget(self.config.job_name, running.loop.target, running.loop.health, running.loop.metadata)
            for running in self._running.values()
        ]

    async def look(self, url: str) -> Look | None:
        """At the page of the target with this URL as it is now; None where there is none. Raises FetchError."""
        target = next((one.loop.target for one in self._running.values() if one.loop.target.url == url), None)
        if target is None:
            return None
        fetched = await self._fetcher.fetch(target)
        form = format_of(fetched.content_type, self.config.fallback_scrape_protocol.form)
        return await self._parts.workers.run(look_at, fetched, form)

    @property
    def discovered(self) -> int:
        """How many targets discovery tells of."""
        return sum(len(group.targets) for group in self._groups)

    def start(self) -> None:
        """Begin to listen to discovery, as far as that is not done yet."""
        start, job = self._parts.supervisor.start, self.config.job_name
        for name, source in discoveries(self.config, self._parts.discovery).items():
            if name not in self._listening:
                listen = partial(self._listen, name, source)
                self._listening[name] = start(f"discovery of {job}, {name}", listen)
        self._following = [start(f"targets of {job}", self._follow)]

    async def reconfigure(self, config: ScrapeConfig, fetcher: Fetcher) -> None:
        """Go on with another config of the same job. Loops of targets that remain are succeeded by new ones.

        Sources that are written as before go on too: what they told stays, even where they can't be asked now.
        """
        for loop in await self._halt():
            self._heirless[source_key(loop.target, config)] = loop
        await self._unlisten([name for name in self._listening if not _alike(name, self.config, config)])
        self.config, self._fetcher = config, fetcher
        if self._groups:
            self._news.set()
        self.start()

    async def stop(self, *, for_good: bool) -> None:
        """End all loops. With `for_good` the job is gone, not the process, and its series will be marked stale."""
        loops = await self._halt()
        await self._unlisten(list(self._listening))
        for loop in (*loops, *self._heirless.values()):
            if for_good:
                self._part_with(loop)
        self._heirless.clear()

    async def scrape_now(self, time: int) -> None:
        """One scrape of each target outside of its beat, at this instant (Unix ms)."""
        for running in list(self._running.values()):
            await running.loop.scrape(time)

    async def _halt(self) -> list[ScrapeLoop]:
        running, self._running = list(self._running.values()), {}
        if tasks := [*self._following, *(one.task for one in running)]:
            await self._parts.supervisor.stop(*tasks)
        await self._fetcher.close()
        return [one.loop for one in running]

    async def _unlisten(self, names: Sequence[str]) -> None:
        """Let go of these sources, and of what they told."""
        await self._parts.supervisor.stop(*(self._listening.pop(name) for name in names))
        self._groups.forget(names)

    async def _listen(self, name: str, source: Discovery) -> None:
        await source.run(partial(self._publish, name))

    def _publish(self, name: str, groups: Sequence[TargetGroup]) -> None:
        self._groups.put(name, groups)
        self._news.set()

    async def _follow(self) -> None:
        while True:
            await self._news.wait()
            self._news.clear()
            await self._sync()
            await self._parts.clock.sleep(SYNC_SECONDS)

    async def _sync(self) -> None:
        """Make the loops those of the targets that discovery tells of now."""
        job, counters, begun = self.config.job_name, self._parts.counters, self._parts.clock.monotonic()
        found = find_targets(self._groups, self.config, default_ports=self._parts.default_ports)
        for failure in found.failures:
            log.error("creating a target of job %s failed: %s", job, failure)
        counters.sync_failures[job] = counters.sync_failures.get(job, 0) + len(found.failures)
        self.dropped, self.dropped_count = found.dropped, found.dropped_count
        wanted = {target.identity: target for target in found.targets}
        await self._let_go(wanted.keys())
        for identity, target in wanted.items():
            self._take_on(identity, target)
        for loop in self._heirless.values():
            self._part_with(loop)
        self._heirless.clear()
        self._enforce_limit()
        counters.syncs.setdefault(job, Lengths()).add(self._parts.clock.monotonic() - begun)
        self.synced.set()

    async def _let_go(self, wanted: AbstractSet[str]) -> None:
        gone = [self._running.pop(identity) for identity in self._running.keys() - wanted]
        try:
            if gone:
                await self._parts.supervisor.stop(*(one.task for one in gone))
        finally:  # a new config may end the waiting; their series end all the same
            for one in gone:
                self._part_with(one.loop)

    def _take_on(self, identity: str, target: Target) -> None:
        if (known := self._running.get(identity)) is not None:
            known.loop.target = target  # found again, perhaps by another way
            return
        older = self._heirless.pop(source_key(target, self.config), None)
        loop = ScrapeLoop(target, self.config, self._parts, self._fetcher, older)
        task = self._parts.supervisor.start(f"scrape {target.url}", loop.run)
        self._running[identity] = _Running(loop, task)

    def _enforce_limit(self) -> None:
        """Too many targets make all of them fail."""
        limit, count, error = self.config.target_limit, len(self._running), ""
        if 0 < limit < count:
            error = f"target_limit exceeded (number of targets: {count}, limit: {limit})"
            self._parts.counters.exceeded_target_limit += 1
        for running in self._running.values():
            running.loop.forced_error = error


def _alike(name: str, before: ScrapeConfig, now: ScrapeConfig) -> bool:
    """Is what this source belongs to written as before?"""
    key = name.partition("/")[0]
    return bool(getattr(before, key) == getattr(now, key))
