"""A whole alerting side on a clock moved by hand.

Its receivers lie beyond this machine, so that nothing is sent and everything is seen.
"""

from __future__ import annotations

import email
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

from engine.alerting.alert import Alert
from engine.alerting.config.document import AlertmanagerConfig
from engine.alerting.kept.journal import RETENTION
from engine.alerting.kept.store import AlertReport
from engine.alerting.manager import AlertManager
from engine.alerting.matching.grammar import Grammar
from engine.alerting.running import Surroundings
from engine.config.alertmanager import parse_alertmanager
from engine.foundation.addresses import AddressBook
from engine.foundation.clock import MILLISECOND, SECOND
from engine.foundation.delivery import Delivery, DeliveryPolicy
from engine.foundation.supervise import Supervisor
from engine.foundation.workers import InlineWorkers
from engine.testing.manual_clock import ManualClock
from promql.model.labels import Labels

START_MS = 1_700_000_000_000
START = START_MS * MILLISECOND
HOUR = 3600


def alert(starts: float = 0, ends: float = 1e6, updated: float = 0, timeout: bool = False, **labels: str) -> Alert:
    """Times in seconds after the start."""
    at = [START + round(seconds * SECOND) for seconds in (starts, ends, updated)]
    return Alert(Labels.of(labels or {"alertname": "a"}), (), *at, timeout=timeout)


def parsed(text: str) -> AlertmanagerConfig:
    return parse_alertmanager(text).value


def webhook(name: str, **more: object) -> str:
    settings = "".join(f", {key}: {json.dumps(value)}" for key, value in more.items())
    return f"{{name: {name}, webhook_configs: [{{url: 'http://{name}.example.com/'{settings}}}]}}"


@dataclass
class World:
    clock: ManualClock
    manager: AlertManager

    def fire(self, started: float | None = None, **labels: str) -> None:
        """`started` in seconds after the start of the test, now without it."""
        starts_at = self.clock.now_ns() if started is None else START + round(started * SECOND)
        complaints = self.manager.receive(
            [AlertReport(labels, {}, starts_at, self.clock.now_ns() + 1_000_000 * SECOND)]
        )
        assert complaints == []

    def resolve(self, **labels: str) -> None:
        known = next(a for a, _ in self.manager.statuses() if a.labels == Labels.of(labels))
        self.manager.receive([AlertReport(labels, {}, known.starts_at, self.clock.now_ns())])

    async def wait(self, seconds: float) -> None:
        await self.clock.advance(seconds * 1000)

    def told(self) -> list[tuple[float, str, str]]:
        """When (seconds after the start), which receiver, and what: `firing a b` or `resolved a`, by the label `i`."""
        return [(self.seconds(one.time), one.receiver, said(one.payload)) for one in self.manager.withheld()]

    def seconds(self, ns: int) -> float:
        return (ns - START) / SECOND


def said(payload: str) -> str:
    """The same of a webhook's body, and of a message or letter that has `scenarios.SUMMARY` as its text or subject."""
    if not payload.startswith("{"):
        return _told(str(email.message_from_string(payload)["Subject"]))
    body = json.loads(payload)
    return _told(body["attachments"][0]["text"]) if "attachments" in body else summary(body)


def summary(body: dict[str, Any]) -> str:
    states = {a["labels"].get("i", a["labels"]["alertname"]): a["status"] for a in body["alerts"]}
    return _marked(body["status"], states)


def _told(text: str) -> str:
    status, *alerts = text.split()
    return _marked(status, dict(one.split("=") for one in alerts))


def _marked(status: str, states: Mapping[str, str]) -> str:
    marks = (name if state == status else f"({name} {state})" for name, state in sorted(states.items()))
    return " ".join([status, *marks])


@asynccontextmanager
async def world(
    text: str,
    data_dir: Path | None = None,
    clock: ManualClock | None = None,
    grammar: Grammar = Grammar.BOTH,
    retention: int = RETENTION,
) -> AsyncIterator[World]:
    clock = clock or ManualClock(START_MS)
    around = Surroundings(
        clock=clock,
        supervisor=Supervisor(clock),
        workers=InlineWorkers(),
        addresses=AddressBook(clock),
        delivery=Delivery(DeliveryPolicy()),
        external_url="http://alerts.example.com",
        data_dir=data_dir,
        grammar=grammar,
        retention=retention,
        random=Random(1),
    )
    manager = AlertManager(parse_alertmanager(text, grammar=grammar).value, Path(), around)
    try:
        yield World(clock, manager)
    finally:
        await manager.stop()
        assert around.supervisor.crashes == {}
