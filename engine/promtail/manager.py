"""Promtail: all jobs and clients of a configuration. A new one is put in force by difference: what stays as it was goes
on reading where it is.
"""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final

from msgspec import Struct
from yarl import URL

from engine.discovery.ports import DiscoveryCounts
from engine.foundation.addresses import AddressBook
from engine.foundation.clock import Clock
from engine.foundation.delivery import Delivery
from engine.foundation.errors import ConfigError
from engine.foundation.supervise import Supervisor
from engine.foundation.workers import Workers
from engine.logql.lines import LogSink
from engine.promtail.batch import LabelLimits
from engine.promtail.clients.outlet import Outlet, StreamLimit
from engine.promtail.clients.own import OwnClient
from engine.promtail.clients.ports import Client
from engine.promtail.clients.remote import RemoteClient, RemoteParts
from engine.promtail.config import PromtailConfig
from engine.promtail.config_clients import ClientConfig
from engine.promtail.config_sources import ScrapeConfig
from engine.promtail.counts import Counts
from engine.promtail.jobs import Job
from engine.promtail.positions import KeptPositions, adopted, place_of, write_copy
from engine.promtail.tail.marks import Position
from engine.promtail.tail.names import shown
from engine.promtail.targets.poller import LONGEST_SECONDS, Pace, Poller, Throttle
from engine.promtail.targets.ports import TargetParts
from engine.promtail.targets.status import TargetStatus
from engine.promtail.targets.tailing import LineLimits

OWN: Final = "loki"
"""The component whose address a client's URL may name."""

log = logging.getLogger(__name__)


class PromtailParts(Struct, frozen=True, kw_only=True):
    """What Promtail needs of the rest. `data_dir` None keeps nothing; `paths` says where a written path leads here."""

    clock: Clock
    workers: Workers
    supervisor: Supervisor
    addresses: AddressBook
    delivery: Delivery
    sink: LogSink | None
    data_dir: Path | None
    base: Path
    paths: Callable[[str], str] = str


class Promtail:
    """Owned by the application. `apply` it a configuration, as often as there is a new one; `stop` it."""

    def __init__(self, parts: PromtailParts) -> None:
        self.counts = Counts()
        self.config = PromtailConfig()
        self.jobs: dict[str, Job] = {}
        self.clients: list[Client] = []
        self._parts = parts
        self._discovery = DiscoveryCounts()
        self._kept = KeptPositions(None if parts.data_dir is None else parts.data_dir / "promtail" / "positions.json")
        self._outlet = Outlet((), StreamLimit(0, parts.clock.monotonic), LabelLimits(), self.counts)
        self._poller: Poller | None = None
        self._throttle: Throttle | None = None
        self._loops: list[asyncio.Task[None]] = []
        self._keeps_with_lines = False
        self._names: dict[str, str] = {}
        self._fault = ""

    async def apply(self, config: PromtailConfig) -> None:
        """Put it in force. Raises ConfigError, and then everything is as it was."""
        before, was = self.config, self._poller is not None
        try:
            await self._put_in_force(config)
        except ConfigError:
            if was:
                await self._put_in_force(before)
            raise
        self.counts.reloads["good"] += 1

    async def _put_in_force(self, config: PromtailConfig) -> None:
        """Raises ConfigError half way."""
        before, was = self.config, self._poller is not None
        offsets = self._adopted(config)
        settings_changed = not was or _but_jobs(before) != _but_jobs(config)
        if settings_changed:
            await self._end_jobs()
            await self._end_clients()
            self.config = config
            self._begin(config)
        self.config = config
        parts = self._target_parts(config, offsets)
        wanted = {job.job_name: job for job in config.scrape_configs}
        self._hurry(on=True)
        try:
            await self._replace(wanted, parts)
        finally:
            self._hurry(on=False)

    async def _replace(self, wanted: Mapping[str, ScrapeConfig], parts: TargetParts) -> None:
        """End the jobs that are not wanted so, and begin those that are new."""
        for name in [name for name, job in self.jobs.items() if wanted.get(name) != job.config]:
            await self.jobs.pop(name).stop()
        for name, job_config in wanted.items():
            if name not in self.jobs:
                job = Job(job_config, parts, self._parts.paths)
                await job.start()
                self.jobs[name] = job
        self.jobs = {name: self.jobs[name] for name in wanted}

    def _hurry(self, *, on: bool) -> None:
        """Sources let go only between two batches, and a Loki that takes nothing must not hold that up."""
        for client in self.clients:
            if isinstance(client, RemoteClient):
                client.hurry(on=on)

    async def settle(self) -> None:
        """Wait until the files of static targets have been looked for, so that there is something to tell."""
        for _ in range(100):
            if all(job.is_settled for job in self.jobs.values()):
                break
            await self._parts.clock.sleep(0.01)
        if self._poller is not None:
            await self._poller.search()

    async def stop(self) -> None:
        """End everything. Clients send what waits, as far as that takes no longer than some seconds."""
        await self._end_jobs()
        await self._end_clients()
        self._save()

    @property
    def ready(self) -> bool:
        """Whether there is anything to read."""
        return any(status.ready for status in self.status())

    def status(self) -> list[TargetStatus]:
        return [one for job in self.jobs.values() for one in job.status()]

    @property
    def faults(self) -> Mapping[str, str]:
        """What is wrong with sources of targets now."""
        return self._discovery.faults

    def skipped(self) -> dict[str, str]:
        """Files that are not followed, and why."""
        return {
            shown(path): why for job in self.jobs.values() for told in job.told() for path, why in told.skipped.items()
        }

    async def deliveries(self) -> list[tuple[str, bool]]:
        """Where other Lokis are, and whether lines are sent there."""
        return [(one.place, await one.may_send()) for one in self.clients if isinstance(one, RemoteClient)]

    # --- the parts

    def _begin(self, config: PromtailConfig) -> None:
        parts, limits = self._parts, config.limits_config
        self.clients = [self._client(one) for one in config.settled_clients]
        # the store of this process comes last: with its lines it keeps that the others have theirs
        self.clients.sort(key=lambda client: isinstance(client, OwnClient))
        self._keeps_with_lines = any(isinstance(client, OwnClient) for client in self.clients)
        labels = LabelLimits(limits.max_label_name_length, limits.max_label_value_length)
        self._outlet = Outlet(self.clients, StreamLimit(limits.max_streams, parts.clock.monotonic), labels, self.counts)
        watch = config.global_.file_watch_config
        pace = Pace(
            pause=watch.min_poll_frequency / 1000,
            longest=max(LONGEST_SECONDS, watch.max_poll_frequency / 1000),
            search=config.target_config.sync_period / 1000,
            unfinished=config.target_config.unfinished_line_after / 1000 or None,
        )
        self._throttle = self._make_throttle(config)
        waits = self._throttle if not limits.readline_rate_drop else None
        self._poller = Poller(parts.clock, parts.workers, self._outlet, pace, waits)
        self._loops = [
            parts.supervisor.start("promtail files", self._poller.run),
            parts.supervisor.start("promtail positions", self._keep_saving),
        ]

    def _make_throttle(self, config: PromtailConfig) -> Throttle | None:
        limits = config.limits_config
        if not limits.readline_rate_enabled:
            return None
        return Throttle(limits.readline_rate, limits.readline_burst, self._parts.clock)

    def _client(self, config: ClientConfig) -> Client:
        parts = self._parts
        url = URL(config.url.reveal(), encoded=True)
        if parts.sink is not None and parts.addresses.component(url) == OWN:
            return OwnClient(config, parts.sink, parts.clock)
        return RemoteClient(
            config,
            RemoteParts(
                clock=parts.clock, supervisor=parts.supervisor, addresses=parts.addresses, delivery=parts.delivery,
                base=parts.base, keep=self._keep,
            ),
        )  # fmt: skip

    def _keep(self, positions: Mapping[str, str]) -> None:
        """Those that remote clients are done with; they count where no store keeps them with its lines."""
        if not self._keeps_with_lines:
            self._kept.keep(positions)

    def positions(self) -> Mapping[str, str]:
        """How far everything was read for good."""
        sink = self._parts.sink
        return sink.positions() if sink is not None and self._keeps_with_lines else self._kept.positions()

    def _target_parts(self, config: PromtailConfig, offsets: Mapping[str, int]) -> TargetParts:
        assert self._poller is not None
        parts, limits = self._parts, config.limits_config
        admit = self._throttle.admit if self._throttle is not None and limits.readline_rate_drop else None
        return TargetParts(
            clock=parts.clock, workers=parts.workers, supervisor=parts.supervisor, addresses=parts.addresses,
            outlet=self._outlet, poller=self._poller, counts=self.counts,
            limits=LineLimits(size=limits.max_line_size, truncate=limits.max_line_size_truncate, admit=admit),
            kept=self.positions, adopted=offsets, base=parts.base, host=socket.gethostname(), discovery=self._discovery,
        )  # fmt: skip

    # --- positions

    def _adopted(self, config: PromtailConfig) -> dict[str, int]:
        written = Path(config.positions.filename)
        place = place_of(config.positions.filename, self._parts.data_dir)
        places = [written] if place is None else [place, written]
        return adopted(places, ignore_invalid=config.positions.ignore_invalid_yaml)

    async def _keep_saving(self) -> None:
        while True:
            await self._parts.clock.sleep(max(self.config.positions.sync_period / 1000, 0.1))
            self._save()

    def _save(self) -> None:
        place = place_of(self.config.positions.filename, self._parts.data_dir)
        self._names = self._names if not self.jobs else {}
        self._names.update({name: key for job in self.jobs.values() for name, key in job.names().items()})
        try:
            self._kept.save()
            if place is not None and self._parts.data_dir is not None:
                write_copy(place, self._offsets())
        except OSError as error:
            if str(error) != self._fault:
                log.warning("promtail: positions can't be written: %s", error)
            self._fault = str(error)

    def _offsets(self) -> dict[str, int]:
        """By path, of files that are followed."""
        kept = self.positions()
        found = {name: Position.parse(kept[key]) for name, key in self._names.items() if key in kept}
        return {name: position.offset for name, position in found.items() if position is not None}

    async def _end_jobs(self) -> None:
        self._save()
        self._hurry(on=True)
        for client in self.clients:
            if isinstance(client, OwnClient):
                client.ending = True
        # what is being sent is broken off: it is read again from where positions say
        await self._parts.supervisor.stop(*self._loops)
        self._loops = []
        for job in self.jobs.values():
            await job.stop()
        self.jobs = {}

    async def _end_clients(self) -> None:
        for client in self.clients:
            await client.close()
        if self._poller is not None:
            await self._poller.close()
        self._poller, self.clients = None, []


def _but_jobs(config: PromtailConfig) -> Sequence[object]:
    """What all jobs depend on."""
    return (
        config.settled_clients, config.limits_config, config.positions, config.target_config, config.global_,
    )  # fmt: skip
