"""Rules at work: each keeps what it must from one evaluation to the next, and how it fared."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from typing import Final, Literal, TypeAlias
from urllib.parse import quote_plus

from msgspec import Struct, field

from engine.alerting.alert import Alert
from engine.foundation.clock import MILLISECOND
from engine.foundation.errors import EngineError
from engine.rules import states
from engine.rules.alerting import ActiveAlert, AlertTable, Instance, for_state_labels, identity
from engine.rules.history import last_states
from engine.rules.ports import Parts
from engine.rules.recording import Samples, as_vector, record, relabelling
from engine.rules.spec import AlertingRule, RecordingRule, Rule
from engine.rules.templates import depends_on_sample_alone
from promql.errors import PromQLError
from promql.model.labels import Labels
from promql.model.results import Result

Health = Literal["unknown", "ok", "err"]

FAILED: Final = "<error expanding template: "
"""How the text of a field begins whose template failed."""

_TURN: Final = 100

log = logging.getLogger(__name__)


Given: TypeAlias = Result | PromQLError | None
"""What the rule's expression gives, where that is known already."""


async def answer(parts: Parts, rule: Rule, time: int, given: Given) -> Result:
    """What was given, or what is asked for now. Raises PromQLError."""
    if isinstance(given, PromQLError):
        raise given
    return await parts.evaluate(rule.query if rule.expr is None else rule.expr, time) if given is None else given


class Progress(Struct):
    """How a rule's last evaluation went: the series that it wrote, and when (`evaluated_at`, wall time, ms)."""

    health: Health = "unknown"
    last_error: str = ""
    seconds: float = 0.0
    evaluated_at: int | None = None
    outputs: dict[Labels, None] = field(default_factory=dict)

    def succeeded(self) -> None:
        self.health, self.last_error = "ok", ""

    def failed(self, why: str) -> None:
        self.health, self.last_error = "err", why


class RunningRecording:
    """A recording rule."""

    def __init__(self, rule: RecordingRule, parts: Parts, limit: int) -> None:
        self.rule = rule
        self.progress = Progress()
        self._parts = parts
        self._limit = limit
        self._relabel = relabelling(rule)

    async def evaluate(self, time: int, given: Given = None) -> Samples:
        """What to write. Raises PromQLError, RuleError."""
        return record(await answer(self._parts, self.rule, time, given), self._relabel, self._limit)


class RunningAlerting:
    """An alerting rule and its alerts."""

    def __init__(self, rule: AlertingRule, parts: Parts, limit: int, *, restored: bool) -> None:
        self.rule = rule
        self.progress = Progress()
        self.alerts = AlertTable(rule, restored=restored)
        self._parts = parts
        self._limit = limit
        self._url = generator_url(parts.external_url, rule.query)
        self._lasting = all(depends_on_sample_alone(text) for text in _texts(rule))
        self._known: dict[tuple[Labels, float], Instance] = {}

    async def evaluate(self, time: int, given: Given = None) -> Samples:
        """What to write; alerts advance. Raises PromQLError, RuleError."""
        found = as_vector(await answer(self._parts, self.rule, time, given))
        instances = await self._instances(list(zip(found.labels, found.values.tolist(), strict=True)), time)
        return self.alerts.advance(instances, time, self._limit)

    def due(self, time: int, interval: int) -> list[Alert]:
        """Whom to tell of now; they count as told."""
        delay = self._parts.timings.resend_delay
        return [self._told(alert, time, interval, delay) for alert in self.alerts.due(time, delay)]

    async def restore(self, now: int) -> None:
        """Give alerts back the age that they had before a restart."""
        grace = self._parts.timings.grace_period
        known = await self._known_before(now) if self.alerts.has_past(grace) else {}
        self.alerts.restore(known, now, grace)

    async def _known_before(self, now: int) -> Mapping[Labels, tuple[int, int]]:
        if not self._parts.asks_past:
            return last_states(
                self._parts.store.select, self.rule.name, now - self._parts.timings.outage_tolerance, now
            )
        then = now - self.rule.hold
        try:
            found = as_vector(await answer(self._parts, self.rule, then, None))
        except EngineError as error:
            log.warning("alert %s: since when it is active could not be found out: %s", self.rule.name, error)
            return {}
        instances = await self._instances(list(zip(found.labels, found.values.tolist(), strict=True)), then)
        return {for_state_labels(self.rule, one.labels): (now, then) for one in instances}

    async def _instances(self, samples: list[tuple[Labels, float]], time: int) -> list[Instance]:
        """One a sample. What was filled in last time for the same labels and value is not filled in again."""
        instances = []
        for number, sample in enumerate(samples, 1):
            if number % _TURN == 0:
                await self._parts.clock.sleep(0)  # others run between pieces of a large result
            instances.append(self._known.get(sample) or await self._instance(*sample, time))
        self._known = (
            {sample: instance for sample, instance in zip(samples, instances, strict=True) if _is_whole(instance)}
            if self._lasting
            else {}
        )
        return instances

    async def _instance(self, sample: Labels, value: float, time: int) -> Instance:
        labels = await self._expanded(self.rule.labels, sample, value, time)
        annotations = await self._expanded(self.rule.annotations, sample, value, time)
        return Instance(identity(self.rule, sample, labels), tuple(sorted(annotations.items())), value)

    async def _expanded(self, texts: Mapping[str, str], sample: Labels, value: float, time: int) -> dict[str, str]:
        return {
            key: await self._parts.expand(self.rule.name, text, sample, value, time) if "{{" in text else text
            for key, text in texts.items()
        }

    def _told(self, alert: ActiveAlert, time: int, interval: int, delay: int) -> Alert:
        entry = alert.entry
        return Alert(
            labels=alert.labels,
            annotations=alert.annotations,
            starts_at=(entry.fired_at if entry.fired_at is not None else entry.active_at) * MILLISECOND,
            ends_at=states.ends_at(entry, time, interval, delay) * MILLISECOND,
            updated_at=time * MILLISECOND,
            generator_url=self._url,
        )


Running: TypeAlias = RunningRecording | RunningAlerting


def start(rule: Rule, parts: Parts, limit: int, *, restored: bool) -> Running:
    """The rule at work; `restored` says that its alerts need no history from before a restart."""
    if isinstance(rule, RecordingRule):
        return RunningRecording(rule, parts, limit)
    return RunningAlerting(rule, parts, limit, restored=restored)


def _texts(rule: AlertingRule) -> Iterator[str]:
    """Those that are filled in."""
    return (text for text in (*rule.labels.values(), *rule.annotations.values()) if "{{" in text)


def _is_whole(instance: Instance) -> bool:
    """Whether no template failed: failures are told and counted at every evaluation."""
    texts = (*(value for _, value in instance.labels), *(value for _, value in instance.annotations))
    return not any(text.startswith(FAILED) for text in texts)


def generator_url(external_url: str, query: str) -> str:
    """The page that shows the rule's expression."""
    return f"{external_url}/graph?g0.expr={quote_plus(query)}&g0.tab=1"
