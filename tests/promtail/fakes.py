"""A store of lines that keeps what it gets, and a Promtail around it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from engine.foundation.addresses import AddressBook, LocalResponse
from engine.foundation.delivery import Delivery, DeliveryPolicy
from engine.foundation.supervise import Supervisor
from engine.foundation.workers import InlineWorkers
from engine.logql.lines import StreamLines
from engine.promtail.config import PromtailConfig, parse_promtail
from engine.promtail.manager import Promtail, PromtailParts
from engine.testing.manual_clock import ManualClock
from promql.model.labels import Labels


@dataclass
class FakeSink:
    """`lines` are (labels, time, line) in the order in which they came; `error` is raised instead of keeping any."""

    lines: list[tuple[Labels, int, str]] = field(default_factory=list)
    kept: dict[str, str] = field(default_factory=dict)
    tenants: list[str] = field(default_factory=list)
    metadata: list[Labels] = field(default_factory=list)
    error: Exception | None = None

    def push(self, tenant: str, streams: Sequence[StreamLines], positions: Mapping[str, str] | None = None) -> None:
        if self.error is not None:
            raise self.error
        for stream in streams:
            self.tenants.append(tenant)
            self.metadata += stream.metadata.values()
            self.lines += [
                (stream.labels, time, line.decode()) for time, line in zip(stream.times, stream.lines, strict=True)
            ]
        for key, text in (positions or {}).items():
            if text:
                self.kept[key] = text
            else:
                self.kept.pop(key, None)

    def positions(self) -> Mapping[str, str]:
        return dict(self.kept)

    @property
    def texts(self) -> list[str]:
        return [line for _, _, line in self.lines]


def parsed(text: str) -> PromtailConfig:
    decoded = parse_promtail(text)
    assert not decoded.fatal, decoded.findings
    return decoded.value


OWN = "clients: [{url: 'http://loki:3100/loki/api/v1/push'}]\n"


def tail_of(path: Path | str, more: str = "", job: str = "app") -> str:
    return (
        f"- job_name: {job}\n  static_configs: [{{targets: [localhost], labels: {{job: {job}, __path__: '{path}'}}}}]\n"
        + "".join(f"  {line}\n" for line in more.splitlines())
    )


@dataclass
class Running:
    """A Promtail that runs on a manual clock. `look` lets it look once at all files."""

    promtail: Promtail
    clock: ManualClock
    supervisor: Supervisor

    async def look(self, seconds: float = 1.3) -> None:
        await self.clock.advance(int(seconds * 1000))

    async def kill(self) -> None:
        """As by SIGKILL: nobody says goodbye."""
        await self.supervisor.stop_all()


async def start(
    clock: ManualClock, sink: FakeSink | None, config: str, data_dir: Path | None = None, deliver: str = ""
) -> Running:
    async def nothing(*_: object) -> LocalResponse:
        return LocalResponse(200, {}, b"")

    addresses = AddressBook(clock)
    if sink is not None:
        addresses.serves("loki", "/metrics", nothing)
    supervisor = Supervisor(clock)
    promtail = Promtail(
        PromtailParts(
            clock=clock,
            workers=InlineWorkers(),
            supervisor=supervisor,
            addresses=addresses,
            delivery=Delivery(DeliveryPolicy(frozenset({deliver} - {""}))),
            sink=sink,
            data_dir=data_dir,
            base=Path(),
        )
    )
    await promtail.apply(parsed(config))
    running = Running(promtail, clock, supervisor)
    await running.look()
    return running


@asynccontextmanager
async def promtail(
    clock: ManualClock, sink: FakeSink | None, config: str, data_dir: Path | None = None, deliver: str = ""
) -> AsyncIterator[Running]:
    running = await start(clock, sink, config, data_dir, deliver)
    try:
        yield running
    finally:
        await running.kill()
