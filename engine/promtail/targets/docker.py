"""Containers' output from a Docker daemon, without files: `docker_sd_configs`.

The daemon is asked for what came since the time of the last line; lines of that very time that were read before are
passed over by number, so that none is read twice.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from typing import Final

import msgspec

from engine.discovery.config import DockerSDConfig
from engine.discovery.docker_api import DockerApi, docker_api
from engine.discovery.ports import DiscoveryError, DiscoveryParts
from engine.foundation.clock import SECOND
from engine.foundation.http_client import HttpError
from engine.promtail.config_sources import ScrapeConfig
from engine.promtail.entry import Entry
from engine.promtail.errors import SourceError
from engine.promtail.targets.discovering import Apply, Candidate, Discovering
from engine.promtail.targets.dockerframes import STREAMS, Frames, Output
from engine.promtail.targets.feed import Feed
from engine.promtail.targets.ports import TargetParts
from engine.promtail.targets.status import TargetStatus
from engine.relabel.relabel import relabel
from promql.model.labels import EMPTY, Labels

KIND: Final = "Docker"
ID: Final = "__meta_docker_container_id"
STREAM: Final = "__meta_docker_container_log_stream"
AGAIN_SECONDS: Final = 5.0
_SILENCE_SECONDS: Final = 365 * 86_400.0

log = logging.getLogger(__name__)


class Cursor(msgspec.Struct, frozen=True):
    """The time of the last line (Unix ns), and how many lines of that time were read."""

    time: int = 0
    count: int = 0

    def text(self) -> str:
        return msgspec.json.encode(self).decode()

    @classmethod
    def parse(cls, text: str) -> Cursor:
        try:
            return msgspec.json.decode(text, type=cls) if text else cls()
        except (msgspec.DecodeError, msgspec.ValidationError):
            return cls()

    def after(self, time: int) -> Cursor:
        """With one more line."""
        return Cursor(time, self.count + 1) if time == self.time else Cursor(time, 1)

    @property
    def since(self) -> str:
        """As the daemon wants it, and to the nanosecond."""
        return f"{self.time // SECOND}.{self.time % SECOND:09d}"


class Container:
    """One that is followed until it is taken away."""

    def __init__(self, candidate: Candidate, job: ScrapeConfig, sd: DockerSDConfig, parts: TargetParts) -> None:
        self.id = candidate.discovered.get(ID)
        self.candidate = candidate
        self.fault = ""
        self.lines = 0
        self._job = job
        self._sd = sd
        self._parts = parts
        self._key = f"docker/{job.job_name}/{self.id}"
        self._cursor = Cursor.parse(parts.kept().get(self._key, ""))
        self._labels = {stream: self._of_stream(stream) for stream in STREAMS.values()}
        self._feed = Feed(parts.pipeline(job), parts.outlet, parts.clock)
        self._tasks: list[asyncio.Task[None]] = []

    def start(self) -> None:
        supervisor = self._parts.supervisor
        self._tasks = [
            supervisor.start(f"follow container {self.id[:12]}", self._follow),
            supervisor.start(f"stages of container {self.id[:12]}", self._feed.run),
        ]

    async def stop(self) -> None:
        await self._parts.supervisor.stop(*self._tasks)

    def _of_stream(self, stream: str) -> dict[str, str] | None:
        """The labels of lines of that stream: the rules may make use of it. None where they drop them."""
        labels = relabel(self.candidate.discovered.set(STREAM, stream), self._job.relabel_configs)
        if labels is None:
            return None
        return {name: value for name, value in labels if not name.startswith("__")}

    async def _follow(self) -> None:
        parts = self._parts
        told = DiscoveryParts(clock=parts.clock, workers=parts.workers, addresses=parts.addresses, base=parts.base)
        async with docker_api(self._sd, told) as api:
            while True:
                try:
                    await self._read(api)
                except (DiscoveryError, HttpError, SourceError) as error:
                    self._tell(str(error))
                await parts.clock.sleep(AGAIN_SECONDS)

    async def _read(self, api: DockerApi) -> None:
        """Until the container ends, or the daemon. Raises what stands in the way."""
        frames = Frames(tty=await api.has_terminal(self.id))
        skip, begun = self._cursor.count, self._cursor.time
        async with api.output(self.id, self._cursor.since, silence=_SILENCE_SECONDS) as pieces:
            self.fault = ""
            async for piece in pieces:
                skip = await self._take(frames.feed(piece), begun, skip)
        await self._take(frames.finish(), begun, skip)

    async def _take(self, outputs: Sequence[Output], begun: int, skip: int) -> int:
        """How many lines of the time `begun` are still to be passed over."""
        entries: list[Entry] = []
        for one in outputs:
            if one.time is None:
                self._parts.counts.docker_errors += 1
            time = self._feed.now() if one.time is None else one.time
            if one.time is not None and one.time <= begun and skip:
                skip -= one.time == begun
                continue
            self._cursor = self._cursor.after(time)
            labels = self._labels[one.stream]
            if labels is not None:
                entries.append(Entry.of(labels, time, one.line.decode("utf-8", "replace")))
        if outputs:
            self.lines += len(entries)
            self._parts.counts.docker_entries += len(entries)
            await self._feed.take(entries, {self._key: self._cursor.text()})
        return skip

    def _tell(self, fault: str) -> None:
        """Once as long as it is the same."""
        if fault != self.fault:
            log.warning("promtail: container %s: %s", self.id[:12], fault)
        self.fault = fault

    def status(self) -> TargetStatus:
        labels = self._labels["stdout"] or {}
        details = {"lines": str(self.lines), **({"fault": self.fault} if self.fault else {})}
        return TargetStatus(
            KIND, self._job.job_name, labels, self.candidate.discovered.as_dict(), ready=not self.fault, details=details
        )


class DockerTargets:
    """A source of a job: the containers of its daemons, each once, however many networks and ports it has."""

    def __init__(self, config: ScrapeConfig, parts: TargetParts) -> None:
        self._config = config
        self._parts = parts
        self._known: dict[int, Sequence[Candidate]] = {}
        self._containers: dict[str, Container] = {}
        self._dropped: list[TargetStatus] = []
        self._discovering = [
            (one, Discovering(config.daemon(one), config.relabel_configs, parts, config.job_name, self._applier(one)))
            for one in config.docker_sd_configs
        ]

    async def start(self) -> None:
        for _, discovering in self._discovering:
            discovering.start()

    async def stop(self) -> None:
        for _, discovering in self._discovering:
            await discovering.stop()
        for container in self._containers.values():
            await container.stop()
        self._containers.clear()

    def status(self) -> list[TargetStatus]:
        return [*(one.status() for one in self._containers.values()), *self._dropped]

    def _applier(self, sd: DockerSDConfig) -> Apply:
        async def apply(candidates: Sequence[Candidate]) -> None:
            self._known[id(sd)] = candidates
            await self._apply()

        return apply

    async def _apply(self) -> None:
        wanted: dict[str, tuple[DockerSDConfig, Candidate]] = {}
        self._dropped = []
        for sd, _ in self._discovering:
            for candidate in self._known.get(id(sd), ()):
                if candidate.labels is None or not _visible(candidate.labels):
                    reason = "dropped by relabelling" if candidate.labels is None else "no labels are left"
                    self._drop(candidate, reason)
                else:
                    wanted.setdefault(candidate.discovered.get(ID), (sd, candidate))
        for key in [key for key, one in self._containers.items() if key not in wanted]:
            await self._containers.pop(key).stop()
        for key, (sd, candidate) in wanted.items():
            if key not in self._containers:
                container = self._containers[key] = Container(candidate, self._config, sd, self._parts)
                container.start()

    def _drop(self, candidate: Candidate, reason: str) -> None:
        labels = (candidate.labels or EMPTY).as_dict()
        discovered = candidate.discovered.as_dict()
        self._dropped.append(TargetStatus(KIND, self._config.job_name, labels, discovered, ready=False, dropped=reason))


def _visible(labels: Labels) -> bool:
    return any(not name.startswith("__") for name in labels.names())
