"""What all kinds of targets need of the rest, and what each is to its job."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Protocol

from msgspec import Struct, field

from engine.discovery.ports import DiscoveryCounts
from engine.foundation.addresses import AddressBook
from engine.foundation.clock import Clock
from engine.foundation.supervise import Supervisor
from engine.foundation.workers import Workers
from engine.promtail.clients.outlet import Outlet
from engine.promtail.config_sources import ScrapeConfig
from engine.promtail.counts import Counts
from engine.promtail.stages.pipeline import Pipeline
from engine.promtail.stages.stage import Parts as StageParts
from engine.promtail.targets.poller import Poller
from engine.promtail.targets.status import TargetStatus
from engine.promtail.targets.tailing import LineLimits


class TargetParts(Struct, frozen=True, kw_only=True):
    """`kept` gives the positions of now, `adopted` offsets by path of another Promtail. `base` is the folder to which
    relative file names in options belong; `host` is the name of this machine.
    """

    clock: Clock
    workers: Workers
    supervisor: Supervisor
    addresses: AddressBook
    outlet: Outlet
    poller: Poller
    counts: Counts
    limits: LineLimits
    kept: Callable[[], Mapping[str, str]]
    adopted: Mapping[str, int]
    base: Path
    host: str
    discovery: DiscoveryCounts = field(default_factory=DiscoveryCounts)

    def pipeline(self, config: ScrapeConfig) -> Pipeline:
        """A new one of the job's stages."""
        counts = self.counts
        return Pipeline(
            config.pipeline_stages, StageParts(self.clock.now_ns, counts=counts.pipeline, metrics=counts.custom)
        )


class Source(Protocol):
    """A part of a job: whatever gives it lines."""

    async def start(self) -> None:
        """Begin. Raises ConfigError where that can't be."""

    async def stop(self) -> None:
        """End; what is held by stages and can be asked for again is not sent."""

    def status(self) -> list[TargetStatus]:
        """Its targets, those that are none among them."""
