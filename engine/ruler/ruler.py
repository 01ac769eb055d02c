"""The ruler: for each tenant the groups of its rules, where they write, and how they fare."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Final, TypeAlias

from msgspec import Struct

from engine.alerting.alert import Alert
from engine.foundation.errors import EngineError
from engine.foundation.supervise import Supervisor
from engine.logs.config.limits import Limits
from engine.query.logs.engine import LogQueryEngine
from engine.ruler.config import RemoteWrites, RulerConfig
from engine.ruler.evaluating import evaluator
from engine.ruler.rules import LogRules
from engine.ruler.writing import Around, Writing
from engine.rules.manager import RuleManager
from engine.rules.ports import Parts, Timings
from engine.rules.templates import Expander

UPKEEP_SECONDS: Final = 5.0
NONE: Final = RemoteWrites()

ReadAgain: TypeAlias = Callable[[LogRules], Awaitable[LogRules | None]]
"""From rules as they were to those that the files say now; None where no file has changed. Raises ConfigError."""

log = logging.getLogger(__name__)


class RulerParts(Struct, frozen=True, kw_only=True):
    """`external_url` is what links begin with where the configuration does not say; it has no slash at its end."""

    around: Around
    queries: LogQueryEngine
    limits: Callable[[str], Limits]
    notify: Callable[[Sequence[Alert]], None]
    external_url: str


class TenantRules(Struct):
    """One tenant's groups. `updated_at` is when they last changed (Unix ms), `updates` how often."""

    manager: RuleManager
    writing: Writing
    expander: Expander
    updated_at: int = 0
    updates: int = 0


class Ruler:
    """`apply` rules, `stop` at the end. `syncs` counts by reason how often files were looked at."""

    def __init__(self, parts: RulerParts, rules: LogRules) -> None:
        self.tenants: dict[str, TenantRules] = {}
        self.syncs = {"initial": 1, "periodic": 0}
        self.good = True
        self.rules = rules
        self._parts = parts
        self._begun = rules.config

    async def apply(self, rules: LogRules) -> None:
        """Evaluate these rules and no others. Raises StoreError."""
        if rules.files and _fixed(rules.config) != _fixed(self._begun):
            keys = "external_url, resend_delay or for_grace_period"
            log.warning("one of ruler's %s has changed: that takes effect at the next start", keys)
        self.prepare(rules)
        self.rules, self.good = rules, True
        for tenant in list(self.tenants):
            await self._give(tenant, rules)

    def prepare(self, rules: LogRules) -> None:
        """Have at hand what these rules need. Raises StoreError, and then the rules before go on as they were."""
        for tenant in rules.files:
            if tenant not in self.tenants and rules.groups(tenant):
                self.tenants[tenant] = self._make(tenant)
        for tenant, one in self.tenants.items():
            one.writing.prepare(self._writes(tenant, rules))

    async def poll(self, read: ReadAgain) -> None:
        """Look at the files again and again."""
        clock = self._parts.around.clock
        while True:
            await clock.sleep(self.rules.config.poll_interval / 1000)
            self.syncs["periodic"] += 1
            before = self.rules
            try:
                found = await read(before)
            except EngineError as error:
                self.good = False
                log.warning("rules over lines stay as they were: %s", error)
                continue
            if found is not None and self.rules is before:  # else the configuration came meanwhile, with its own
                await self.apply(found)

    def start(self, supervisor: Supervisor, read: ReadAgain) -> list[asyncio.Task[None]]:
        return [
            supervisor.start("polling of rules over lines", partial(self.poll, read)),
            supervisor.start("upkeep of rules over lines", self._upkeep),
        ]

    async def stop(self) -> None:
        for one in self.tenants.values():
            await one.manager.stop()
            await one.writing.stop()

    def close(self) -> None:
        """After workers have ended."""
        for one in self.tenants.values():
            one.writing.close()

    async def _give(self, tenant: str, rules: LogRules) -> None:
        one = self.tenants[tenant]
        await one.writing.apply(self._writes(tenant, rules))
        one.expander.external_labels = rules.config.external_labels
        groups = rules.groups(tenant)
        if groups != one.manager.specs:
            one.updates += 1
            one.updated_at = self._parts.around.clock.now_ms()
        await one.manager.apply(groups)

    def _writes(self, tenant: str, rules: LogRules) -> RemoteWrites:
        return NONE if self._parts.limits(tenant).ruler_remote_write_disabled else rules.config.remote_write

    def _make(self, tenant: str) -> TenantRules:
        parts, config = self._parts, self._begun
        evaluate = evaluator(parts.queries, tenant, lambda: parts.limits(tenant).ruler_evaluation_delay_duration)
        url = str(config.external_url).rstrip("/") or parts.external_url
        writing = Writing(tenant, parts.around)
        expander = Expander(evaluate, url)
        rule_parts = Parts(
            clock=parts.around.clock,
            store=writing.outlet,
            evaluate=evaluate,
            expand=expander,
            notify=parts.notify,
            external_url=url,
            timings=Timings(resend_delay=config.resend_delay, grace_period=config.for_grace_period),
            asks_past=True,
        )
        return TenantRules(RuleManager(rule_parts, parts.around.supervisor), writing, expander)

    async def _upkeep(self) -> None:
        around = self._parts.around
        while True:
            await around.clock.sleep(UPKEEP_SECONDS)
            for one in list(self.tenants.values()):
                await around.workers.run(one.writing.maintain, around.clock.now_ms())


def _fixed(config: RulerConfig) -> tuple[object, ...]:
    return (config.external_url, config.resend_delay, config.for_grace_period)
