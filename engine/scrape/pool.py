"""One job: what discovery tells becomes targets, and each target has its loop."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from functools import partial
from typing import Final

from engine.discovery.groups import Discovery, TargetGroup
from engine.discovery.sources import discoveries
from engine.scrape.config import ScrapeConfig
from engine.scrape.counters import Lengths
from engine.scrape.loop import Health, ScrapeLoop, source_key
from engine.scrape.metadata import MetadataCache
from engine.scrape.ports import Fetcher, Parts
from engine.scrape.target import Target, find_targets
from promql.model.labels import Labels

SYNC_SECONDS: Final = 5.0

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ActiveTarget:
    """A target as the API shows it; `metadata` is alive, read it at once."""

    pool: str
    target: Target
    health: Health
    metadata: MetadataCache


@dataclass(frozen=True, slots=True, eq=False)
class _Running:
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
        self._parts = parts
        self._part_with = part_with
        self._fetcher = fetcher
        self._groups: dict[tuple[str, str], TargetGroup] = {}
        self._running: dict[str, _Running] = {}
        self._heirless: dict[str, ScrapeLoop] = {}
        self._news = asyncio.Event()
        self.synced = asyncio.Event()
        self._own_tasks: list[asyncio.Task[None]] = []

    @property
    def active(self) -> list[ActiveTarget]:
        return [
            ActiveTarget(self.config.job_name, running.loop.target, running.loop.health, running.loop.metadata)
            for running in self._running.values()
        ]

    @property
    def discovered(self) -> int:
        """How many targets discovery tells of."""
        return sum(len(group.targets) for group in self._groups.values())

    def start(self) -> None:
        """Begin to listen to discovery."""
        start, job = self._parts.supervisor.start, self.config.job_name
        self._own_tasks = [start(f"targets of {job}", self._follow)]
        for name, source in discoveries(self.config, self._parts.discovery).items():
            self._own_tasks.append(start(f"discovery of {job}, {name}", partial(self._listen, name, source)))

    async def reconfigure(self, config: ScrapeConfig, fetcher: Fetcher) -> None:
        """Go on with another config of the same job. Loops of targets that remain are succeeded by new ones."""
        for loop in await self._halt():
            self._heirless[source_key(loop.target, config)] = loop
        self.config, self._fetcher = config, fetcher
        self._groups.clear()
        self.start()

    async def stop(self, *, for_good: bool) -> None:
        """End all loops. With `for_good` the job is gone, not the process, and its series will be marked stale."""
        for loop in (*await self._halt(), *self._heirless.values()):
            if for_good:
                self._part_with(loop)
        self._heirless.clear()

    async def _halt(self) -> list[ScrapeLoop]:
        running, self._running = list(self._running.values()), {}
        if tasks := [*self._own_tasks, *(one.task for one in running)]:
            await self._parts.supervisor.stop(*tasks)
        await self._fetcher.close()
        return [one.loop for one in running]

    async def _listen(self, name: str, source: Discovery) -> None:
        await source.run(partial(self._publish, name))

    def _publish(self, name: str, groups: Sequence[TargetGroup]) -> None:
        for group in groups:
            if group.targets:
                self._groups[name, group.source] = group
            else:
                self._groups.pop((name, group.source), None)
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
        found = find_targets(self._groups.values(), self.config)
        for failure in found.failures:
            log.error("creating a target of job %s failed: %s", job, failure)
        counters.sync_failures[job] = counters.sync_failures.get(job, 0) + len(found.failures)
        self.dropped = found.dropped
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
