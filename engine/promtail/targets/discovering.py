"""From what discovery tells to targets: labels are rewritten; who names nothing to read is dropped, with the reason."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Final, TypeAlias

from msgspec import Struct

from engine.discovery.config import TargetSources
from engine.discovery.groups import GroupTable, TargetGroup
from engine.discovery.ports import DiscoveryParts
from engine.discovery.sources import discoveries
from engine.promtail.targets.ports import TargetParts
from engine.relabel.config import RelabelConfig
from engine.relabel.relabel import relabel
from promql.model.labels import Labels

GATHER_SECONDS: Final = 0.2


class Candidate(Struct, frozen=True):
    """Labels as they were discovered, and what the rules made of them: None where they dropped it."""

    discovered: Labels
    labels: Labels | None


Apply: TypeAlias = Callable[[Sequence[Candidate]], Awaitable[None]]


class Discovering:
    """The sources of one job. `apply` is called with all candidates whenever some have changed."""

    def __init__(
        self, sources: TargetSources, rules: Sequence[RelabelConfig], parts: TargetParts, job: str, apply: Apply
    ) -> None:
        self._rules = rules
        self._parts = parts
        self._job = job
        self._apply = apply
        self._groups = GroupTable()
        self._news = asyncio.Event()
        told = DiscoveryParts(
            clock=parts.clock, workers=parts.workers, addresses=parts.addresses, base=parts.base,
            counts=parts.discovery, purpose="promtail",
        )  # fmt: skip
        self._sources = discoveries(sources, told)
        self._tasks: list[asyncio.Task[None]] = []

    def start(self) -> None:
        for name, source in self._sources.items():
            run = partial(source.run, partial(self._publish, name))
            self._tasks.append(self._parts.supervisor.start(f"promtail {self._job} {name}", run))
        if self._sources:
            self._tasks.append(self._parts.supervisor.start(f"promtail {self._job} targets", self._keep_applying))

    async def stop(self) -> None:
        await self._parts.supervisor.stop(*self._tasks)

    def _publish(self, name: str, groups: Sequence[TargetGroup]) -> None:
        self._groups.put(name, groups)
        self._news.set()

    async def _keep_applying(self) -> None:
        while True:
            await self._news.wait()
            self._news.clear()
            await self._apply([self._candidate(group, target) for group in self._groups for target in group.targets])
            await self._parts.clock.sleep(GATHER_SECONDS)

    def _candidate(self, group: TargetGroup, target: Labels) -> Candidate:
        discovered = group.labels.overlay(target)
        return Candidate(discovered, relabel(discovered, self._rules))
