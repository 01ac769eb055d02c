"""A source of targets on the manual clock, and what it has told so far."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from engine.discovery.groups import Discovery, TargetGroup
from engine.discovery.ports import DiscoveryCounts, DiscoveryParts
from engine.foundation.addresses import AddressBook
from engine.foundation.clock import Clock
from engine.foundation.supervise import Supervisor
from engine.foundation.workers import InlineWorkers


def parts(clock: Clock, base: Path = Path(), counts: DiscoveryCounts | None = None) -> DiscoveryParts:
    return DiscoveryParts(
        clock=clock,
        workers=InlineWorkers(),
        addresses=AddressBook(clock),
        base=base,
        counts=counts or DiscoveryCounts(),
    )


class Told:
    """`groups` are those in force; `news` is what was told, call by call."""

    def __init__(self) -> None:
        self.groups: dict[str, TargetGroup] = {}
        self.news: list[list[str]] = []
        self._more = asyncio.Event()

    def publish(self, groups: Sequence[TargetGroup]) -> None:
        self.news.append([group.source for group in groups])
        for group in groups:
            self.groups[group.source] = group
        self._more.set()

    async def more(self) -> None:
        """Wait until something is told that was not told before."""
        async with asyncio.timeout(60):
            await self._more.wait()
        self._more.clear()

    @property
    def addresses(self) -> list[str]:
        return [labels.get("__address__") for group in self.groups.values() for labels in group.targets]

    def meta(self, name: str) -> list[str]:
        """A label of each target, its own or its group's."""
        return [group.labels.overlay(own).get(name) for group in self.groups.values() for own in group.targets]


@asynccontextmanager
async def listening(source: Discovery, clock: Clock) -> AsyncIterator[Told]:
    told, supervisor = Told(), Supervisor(clock)

    async def follow() -> None:
        await source.run(told.publish)

    task = supervisor.start("discovery", follow)
    try:
        yield told
    finally:
        await supervisor.stop(task)
        assert supervisor.crashes == {}
