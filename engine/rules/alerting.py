"""One evaluation of an alerting rule: which alerts there are, what is written of them, who is told.

An alert is known by its labels: those of the sample without its name, the rule's expanded ones over them, then
`alertname`. Templates see the sample's own labels.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final

import numpy as np
from msgspec import Struct
from msgspec.structs import replace

from engine.rules import states
from engine.rules.errors import DuplicateError, LimitError
from engine.rules.recording import Relabelled, Samples
from engine.rules.spec import AlertingRule
from engine.rules.states import Entry, Phase, Timing
from promql.model.labels import METRIC_NAME, Labels

ALERTS: Final = "ALERTS"
ALERTS_FOR_STATE: Final = "ALERTS_FOR_STATE"
ALERT_NAME: Final = "alertname"
ALERT_STATE: Final = "alertstate"


NOTHING: Final = Samples((), np.empty(0))
"""What a rule without alerts writes."""


class Instance(Struct, frozen=True):
    """A label set for which the rule's expression holds now. Annotations keep empty values."""

    labels: Labels
    annotations: tuple[tuple[str, str], ...]
    value: float


class ActiveAlert(Struct, frozen=True):
    """An instance and what is remembered of it."""

    labels: Labels
    annotations: tuple[tuple[str, str], ...]
    value: float
    entry: Entry


def identity(rule: AlertingRule, sample: Labels, expanded: Mapping[str, str]) -> Labels:
    """The labels by which the alert is known; `expanded` are the rule's, with their templates filled in."""
    return Labels.of({**sample.without_name().as_dict(), **expanded, ALERT_NAME: rule.name})


def for_state_labels(rule: AlertingRule, alert: Labels) -> Labels:
    """Of the series that keeps since when an alert has been active; the rule's labels stand under the alert's."""
    return Labels.of({**rule.labels, **alert.as_dict(), METRIC_NAME: ALERTS_FOR_STATE, ALERT_NAME: rule.name})


class AlertTable:
    """The alerts of one rule, and their only owner. Nothing changes in an evaluation that fails, limits aside."""

    def __init__(self, rule: AlertingRule, *, restored: bool) -> None:
        self.rule = rule
        self.restored = restored
        self._timing = Timing(rule.hold, rule.keep_firing)
        self._alerts: dict[Labels, ActiveAlert] = {}
        self._for_state = Relabelled(lambda labels: for_state_labels(rule, labels))
        self._in_state = {phase: Relabelled(_stated(rule, phase)) for phase in (Phase.PENDING, Phase.FIRING)}

    @property
    def active(self) -> list[ActiveAlert]:
        """Those that are pending or firing."""
        return [alert for alert in self._alerts.values() if alert.entry.phase is not Phase.RESOLVED]

    @property
    def phase(self) -> Phase:
        """That of the rule: firing if any alert is, else pending if any is, else inactive."""
        phases = {alert.entry.phase for alert in self._alerts.values()}
        return next((phase for phase in (Phase.FIRING, Phase.PENDING) if phase in phases), Phase.RESOLVED)

    def take_over(self, other: AlertTable) -> None:
        """Go on where an equal rule has stopped."""
        self._alerts = dict(other._alerts)

    def advance(self, instances: Sequence[Instance], time: int, limit: int) -> Samples:
        """Take in what holds at `time`; the samples to write. Raises DuplicateError, LimitError (which drops all)."""
        holding = {instance.labels: instance for instance in instances}
        if len(holding) < len(instances):
            raise DuplicateError("alert")
        self._alerts = advanced(self._alerts, holding, time, self._timing)
        if not self._alerts:
            return NOTHING
        active = self.active
        if 0 < limit < len(active):
            self._alerts = {}
            raise LimitError(limit, len(active), "alerts")
        return self._samples(active) if self.restored else NOTHING

    def has_past(self, grace: int) -> bool:
        """Whether alerts may be older than an outage: those of rules whose `for` is under `grace` start anew."""
        return self.rule.hold >= grace and bool(self.active)

    def restore(self, known: Mapping[Labels, tuple[int, int]], time: int, grace: int) -> None:
        """Give pending alerts the age that they had before an outage.

        `known` gives, by the labels of ALERTS_FOR_STATE series, when each was last written and the instant that it held
        (both ms).
        """
        for alert in self.active:
            if (before := known.get(for_state_labels(self.rule, alert.labels))) is not None:
                entry = states.restored(alert.entry, time, self._timing, before, grace)
                self._alerts[alert.labels] = replace(alert, entry=entry)
        self.restored = True

    def due(self, time: int, resend_delay: int) -> list[ActiveAlert]:
        """Those that are to be told of now; they count as told."""
        due = [alert for alert in self._alerts.values() if states.needs_sending(alert.entry, time, resend_delay)]
        for alert in due:
            self._alerts[alert.labels] = replace(alert, entry=states.sent(alert.entry, time))
        return due

    def _samples(self, active: Iterable[ActiveAlert]) -> Samples:
        by_phase: dict[Phase, list[Labels]] = {Phase.PENDING: [], Phase.FIRING: []}
        since: dict[Labels, float] = {}
        for alert in active:
            by_phase[alert.entry.phase].append(alert.labels)
            since[alert.labels] = float(alert.entry.active_at // 1000)
        values: dict[Labels, float] = {}
        for phase, labels in by_phase.items():
            values.update(dict.fromkeys(self._in_state[phase](labels), 1.0))
        values.update(zip(self._for_state(list(since)), since.values(), strict=True))
        return Samples(list(values), np.fromiter(values.values(), np.float64, len(values)))


def advanced(
    alerts: Mapping[Labels, ActiveAlert], holding: Mapping[Labels, Instance], time: int, timing: Timing
) -> dict[Labels, ActiveAlert]:
    """Every alert one evaluation later. Those that hold show their newest value and annotations, others their last."""
    after: dict[Labels, ActiveAlert] = {}
    for labels, alert in alerts.items():
        entry = states.step(alert.entry, time, timing, present=labels in holding)
        if entry is not None:
            now: Instance | ActiveAlert = holding.get(labels, alert)
            after[labels] = ActiveAlert(labels, now.annotations, now.value, entry)
    for labels, instance in holding.items():
        if labels not in alerts:
            entry = states.step(None, time, timing, present=True)
            assert entry is not None, "what holds is active"
            after[labels] = ActiveAlert(labels, instance.annotations, instance.value, entry)
    return after


def _stated(rule: AlertingRule, phase: Phase) -> Callable[[Labels], Labels]:
    extra = {METRIC_NAME: ALERTS, ALERT_NAME: rule.name, ALERT_STATE: phase.value}
    return lambda labels: Labels.of({**rule.labels, **labels.as_dict(), **extra})
