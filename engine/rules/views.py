"""What pages and the API show of rules: values, cut loose from the groups that go on working."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, Literal, TypeAlias

from msgspec import Struct
from msgspec.structs import replace

from engine.rules.alerting import ActiveAlert
from engine.rules.group import Group, GroupCounts
from engine.rules.running import Health, Running, RunningAlerting
from engine.rules.states import Phase
from promql.model.labels import Labels

State = Literal["inactive", "pending", "firing"]


class AlertView(Struct, frozen=True):
    """One that is pending or firing. Instants in Unix ms."""

    labels: Labels
    annotations: tuple[tuple[str, str], ...]
    state: State
    active_at: int
    value: float
    keep_firing_since: int | None = None


class RecordingView(Struct, frozen=True):
    """`query` in its canonical text; `evaluation_seconds` of the last one, `last_evaluation` in Unix ms or None."""

    name: str
    query: str
    labels: Mapping[str, str]
    health: Health
    last_error: str
    evaluation_seconds: float
    last_evaluation: int | None


class AlertingView(Struct, frozen=True):
    """Labels and annotations as they were written, unexpanded; `hold_seconds` is the rule's `for`."""

    name: str
    query: str
    hold_seconds: float
    keep_firing_seconds: float
    labels: Mapping[str, str]
    annotations: Mapping[str, str]
    state: State
    alerts: tuple[AlertView, ...]
    health: Health
    last_error: str
    evaluation_seconds: float
    last_evaluation: int | None


RuleView: TypeAlias = RecordingView | AlertingView


class GroupView(Struct, frozen=True):
    name: str
    file: str
    interval_seconds: float
    limit: int
    rules: tuple[RuleView, ...]
    counts: GroupCounts

    @property
    def evaluation_seconds(self) -> float:
        return self.counts.last_seconds

    @property
    def last_evaluation(self) -> int | None:
        """Wall time in Unix ms."""
        return self.counts.evaluated_at


def view_group(group: Group) -> GroupView:
    spec = group.spec
    rules = tuple(view_rule(running) for running in group.rules)
    return GroupView(spec.name, spec.file, spec.interval / 1000, spec.limit, rules, replace(group.counts))


def view_rule(running: Running) -> RuleView:
    progress = running.progress
    if isinstance(running, RunningAlerting):
        rule = running.rule
        return AlertingView(
            name=rule.name,
            query=rule.query,
            hold_seconds=rule.hold / 1000,
            keep_firing_seconds=rule.keep_firing / 1000,
            labels=rule.labels,
            annotations=rule.annotations,
            state=_STATES[running.alerts.phase],
            alerts=tuple(view_alert(alert) for alert in running.alerts.active),
            health=progress.health,
            last_error=progress.last_error,
            evaluation_seconds=progress.seconds,
            last_evaluation=progress.evaluated_at,
        )
    return RecordingView(
        name=running.rule.name,
        query=running.rule.query,
        labels=running.rule.labels,
        health=progress.health,
        last_error=progress.last_error,
        evaluation_seconds=progress.seconds,
        last_evaluation=progress.evaluated_at,
    )


def view_alert(alert: ActiveAlert) -> AlertView:
    entry = alert.entry
    return AlertView(
        alert.labels, alert.annotations, _STATES[entry.phase], entry.active_at, alert.value, entry.keep_firing_since
    )


_STATES: Final[Mapping[Phase, State]] = MappingProxyType(
    {Phase.NONE: "inactive", Phase.RESOLVED: "inactive", Phase.PENDING: "pending", Phase.FIRING: "firing"}
)
