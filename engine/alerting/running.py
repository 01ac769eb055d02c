"""One config in force: its routes, rules, intervals and receivers, and the groups that live under it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from random import Random
from typing import Any, Final

from msgspec import Struct, field

from engine.alerting.alert import Alert
from engine.alerting.config.document import AlertmanagerConfig, Receiver
from engine.alerting.config.kinds import Kind, integrations_of
from engine.alerting.config.resolve import build_route, build_rule
from engine.alerting.counts import NotificationCounts
from engine.alerting.dispatch.dispatcher import Dispatcher
from engine.alerting.dispatch.flush import Alerts, Flush
from engine.alerting.dispatch.pipeline import Integration, Parts, Stage, receiver_pipeline
from engine.alerting.errors import DeliveryError
from engine.alerting.kept.journal import RETENTION, Journal
from engine.alerting.kept.silences import Silences
from engine.alerting.kept.store import AlertStore
from engine.alerting.kept.trail import Trail
from engine.alerting.matching.grammar import Grammar
from engine.alerting.notify.notice import Notice
from engine.alerting.notify.outgoing import Rendering
from engine.alerting.notify.templating import load_templates
from engine.alerting.notify.transport import Transport
from engine.alerting.routing.inhibit import Inhibitor, InhibitRule
from engine.alerting.routing.intervals import Intervals
from engine.alerting.routing.route import Route
from engine.foundation.addresses import AddressBook
from engine.foundation.clock import Clock
from engine.foundation.delivery import Delivery
from engine.foundation.errors import ConfigError
from engine.foundation.supervise import Supervisor
from engine.foundation.workers import Workers
from promql.model.labels import Labels

MOST_RENDERINGS: Final = 4
"""So many notifications are put into words at once: where a thousand groups have their turn, the others can wait."""

log = logging.getLogger(__name__)


class Surroundings(Struct, frozen=True, kw_only=True):
    """What the alerting side is given. `data_dir` None keeps silences and journal in memory alone.

    `external_url` is where people reach this side, without a slash at its end; it stands in notifications. `retention`
    (ns) is for ended silences and the journal.
    """

    clock: Clock
    supervisor: Supervisor
    workers: Workers
    addresses: AddressBook
    delivery: Delivery
    external_url: str
    data_dir: Path | None = None
    grammar: Grammar = Grammar.BOTH
    retention: int = RETENTION
    random: Random = field(default_factory=Random)


class Kept(Struct, frozen=True):
    """What outlives a config."""

    store: AlertStore
    silences: Silences
    journal: Journal
    counts: NotificationCounts
    trail: Trail


class Status(Struct, frozen=True):
    """What keeps an alert quiet: ids of silences, the fingerprint of another alert."""

    silenced_by: tuple[str, ...]
    inhibited_by: tuple[str, ...]

    @property
    def state(self) -> str:
        return "suppressed" if self.silenced_by or self.inhibited_by else "active"


class Running:
    """Starts to work when it is made; `stop` it before the next one takes over."""

    def __init__(self, config: AlertmanagerConfig, folder: Path, kept: Kept, around: Surroundings) -> None:
        """`folder` is where relative paths begin. Raises ConfigError, and then nothing was started."""
        if config.route is None:
            raise ConfigError("no route provided in config")
        self.config = config
        self.route = build_route(config.route, around.grammar)
        rules = [build_rule(rule, around.grammar) for rule in config.inhibit_rules]
        self.is_name = around.grammar.names(_names(self.route, rules))
        """Whether a label of an alert or a silence may have a name."""
        self._templates = load_templates(config.templates, folder)
        self.folder = folder
        self._kept = kept
        self._around = around
        self._inhibitor = Inhibitor(rules)
        self._intervals = Intervals([*config.mute_time_intervals, *config.time_intervals])
        self._transports: list[Transport] = []
        self._rendering = asyncio.Semaphore(MOST_RENDERINGS)
        self._by_receiver: dict[str, tuple[Integration, ...]] = {}
        self._pipelines = self._build_pipelines(config.receivers)
        self._dispatcher = Dispatcher(around.clock, around.supervisor, self.route, self._notify, kept.trail)

    def take(self, alert: Alert) -> None:
        """An alert as it now stands."""
        self._inhibitor.learn(alert)
        self._dispatcher.dispatch(alert)

    def status_of(self, labels: Labels) -> Status:
        now = self._around.clock.now_ns()
        source = self._inhibitor.inhibited_by(labels, now)
        return Status(self._kept.silences.silenced_by(labels, now), () if source is None else (source,))

    def receivers_of(self, labels: Labels) -> list[str]:
        """Those whose routes the labels match, in order; one may stand there several times."""
        return [route.receiver for route in self.route.match(labels)]

    @property
    def dispatcher(self) -> Dispatcher:
        return self._dispatcher

    @property
    def integrations(self) -> int:
        return len(self._transports)

    def integrations_of(self, receiver: str) -> tuple[Integration, ...]:
        """Of a receiver that a route names; none of another."""
        return self._by_receiver.get(receiver, ())

    @property
    def receivers(self) -> int:
        """Those that a route names."""
        return len(self._pipelines)

    def collect(self) -> None:
        """Forget sources of inhibition that have resolved."""
        self._inhibitor.collect(self._around.clock.now_ns())

    async def stop(self) -> None:
        """End groups and whatever is being sent."""
        await self._dispatcher.stop()
        for transport in self._transports:
            await transport.close()

    def _build_pipelines(self, receivers: tuple[Receiver, ...]) -> Mapping[str, Stage]:
        clock = self._around.clock
        parts = Parts(
            clock=clock,
            journal=self._kept.journal,
            inhibited=self._inhibited,
            closed=self._intervals.closed_by,
            silenced=lambda labels: " ".join(self._kept.silences.silenced_by(labels, clock.now_ns())),
            counts=self._kept.counts,
            trail=self._kept.trail,
            random=self._around.random,
        )
        routed = {route.receiver for route in self.route.walk()}
        self._by_receiver = {one.name: self._integrations(one) for one in receivers if one.name in routed}
        return {name: receiver_pipeline(integrations, parts) for name, integrations in self._by_receiver.items()}

    def _inhibited(self, labels: Labels) -> str:
        source = self._inhibitor.source(labels, self._around.clock.now_ns())
        return "" if source is None else f"by {source.labels} ({source.fingerprint})"

    def _integrations(self, receiver: Receiver) -> tuple[Integration, ...]:
        return tuple(
            self._integration(receiver.name, name, index, config, kind)
            for name, index, config, kind in integrations_of(receiver)
        )

    def _integration(self, receiver: str, name: str, index: int, config: Any, kind: Kind) -> Integration:
        around = self._around
        transport = Transport(
            receiver,
            f"{receiver}/{name}[{index}]",
            delivery=around.delivery,
            addresses=around.addresses,
            clock=around.clock,
            base=self.folder,
        )
        self._transports.append(transport)

        async def notify(flush: Flush, alerts: Alerts) -> bool:
            async with self._rendering:
                notice = Notice.of(flush, alerts, around.external_url, around.clock.now_ns())
                message = await around.workers.run(kind.render, config, Rendering(notice, self._templates))
            return await transport.send(message, flush.deadline)

        return Integration(receiver, name, index, config.send_resolved, notify)

    async def _notify(self, flush: Flush, alerts: Alerts) -> bool:
        try:
            await self._pipelines[flush.route.receiver](flush, alerts)
        except DeliveryError as error:
            log.error("notify for %d alerts failed: %s", len(alerts), error)  # noqa: TRY400 - an expected error
            return False
        return True


def _names(root: Route, rules: Iterable[InhibitRule]) -> Iterator[str]:
    """Of all labels that routes and rules look at."""
    for route in root.walk():
        yield from route.group_by
        yield from (matcher.name for matcher in route.matchers)
    for rule in rules:
        yield from rule.equal
        yield from (matcher.name for matcher in (*rule.source, *rule.target))
