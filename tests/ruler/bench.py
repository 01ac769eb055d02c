"""A ruler over lines in memory, with a clock that a test moves, and everything that it tells."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from engine.alerting.alert import Alert
from engine.app.components.logpart import LogPart
from engine.config.log_rules import parse_log_rules
from engine.foundation.addresses import AddressBook
from engine.foundation.delivery import DeliveryPolicy
from engine.foundation.supervise import Supervisor
from engine.foundation.workers import InlineWorkers
from engine.logql.lines import StreamLines
from engine.logs.config.document import LokiConfig
from engine.logs.config.limits import Limits
from engine.logs.config.settings import NOBODY, LogSettings
from engine.ruler.config import RulerConfig
from engine.ruler.ruler import Ruler, RulerParts
from engine.ruler.rules import LogRules
from engine.ruler.writing import Around
from engine.testing.manual_clock import ManualClock
from engine.tsdb.store import Store
from promql.model.labels import Labels
from promql.model.matchers import Matcher, MatchOp
from promql.model.panel import Kind, Need

MINUTE = 60_000
START = 1_795_600_800_000
"""2026-11-25 10:00 UTC."""


@dataclass
class Bench:
    clock: ManualClock
    logs: LogPart
    own: Store
    addresses: AddressBook
    supervisor: Supervisor
    told: list[Alert] = field(default_factory=list)

    def ruler(self, rules: LogRules, policy: DeliveryPolicy | None = None, folder: Path | None = None) -> Ruler:
        workers = InlineWorkers()
        around = Around(
            own=self.own, addresses=self.addresses, policy=policy or DeliveryPolicy(), clock=self.clock,
            workers=workers, supervisor=self.supervisor, folder=folder, base=Path,
        )  # fmt: skip
        parts = RulerParts(
            around=around,
            queries=self.logs.queries,
            limits=self.logs.service.limits,
            notify=self.told.extend,
            external_url="http://here:3100",
        )
        return Ruler(parts, rules)

    def push(self, *lines: str, tenant: str = NOBODY, **labels: str) -> None:
        times = [self.clock.now_ns() + at for at in range(len(lines))]
        self.logs.service.intake.push(tenant, [StreamLines(Labels.of(labels), times, [x.encode() for x in lines])])

    def samples(self, name: str) -> dict[str, list[float]]:
        """Of the metric, by its other labels; stale markers are NaN."""
        need = Need((Matcher("__name__", MatchOp.EQUAL, name),), 0, self.clock.now_ms(), Kind.INSTANT)
        return {
            str(labels.without_name()): values.tolist()
            for one in self.own.select(need)
            for _, labels, _, values in one.series()
        }


@asynccontextmanager
async def bench(clock: ManualClock, limits: Limits | None = None) -> AsyncIterator[Bench]:
    settings = LogSettings(LokiConfig(auth_enabled=False, limits_config=limits or Limits()))
    found = Bench(
        clock, LogPart(None, settings, clock, InlineWorkers()), Store.open(None), AddressBook(clock), Supervisor(clock)
    )
    found.addresses.listens("prometheus", "127.0.0.1", 9090)
    try:
        yield found
    finally:
        await found.supervisor.stop_all()
        found.own.close()
        found.logs.close()


def rules_of(config: RulerConfig, **files: str) -> LogRules:
    """The rules of a group, by tenant."""
    parsed: dict[str, Mapping[str, object]] = {}
    for tenant, rules in files.items():
        text = "groups:\n- name: g\n  rules:\n" + "".join(f"  - {line}\n" for line in rules.splitlines())
        found = parse_log_rules(text, "r.yml")
        assert not found.findings, found.findings
        parsed[tenant] = {f"/rules/{tenant}/r.yml": found.value}
    return LogRules(config, Path("/rules"), parsed)  # type: ignore[arg-type]


def phases(ruler: Ruler, tenant: str = NOBODY) -> Sequence[str]:
    return [alert.state for alert in ruler.tenants[tenant].manager.alerts()]
