"""What the engine says of its rules and notifications, under Prometheus's names. Summaries have no quantiles."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Final

from engine.rules.manager import Durations
from engine.rules.notifier import Notifier, PeerCounts
from engine.rules.templates import TemplateCounts
from engine.rules.views import GroupView
from exporters.exposition.families import Family, MetricType, Sample

_C, _G = MetricType.COUNTER, MetricType.GAUGE
_NONE: Final[Mapping[str, str]] = MappingProxyType({})

_GROUP: Final[tuple[tuple[str, MetricType, str, Callable[[GroupView], float]], ...]] = (
    ("evaluations_total", _C, "Evaluations of rules.", lambda view: view.counts.evaluations),
    ("evaluation_failures_total", _C, "Evaluations of rules that failed.", lambda view: view.counts.failures),
    ("group_interval_seconds", _G, "A group's interval.", lambda view: view.interval_seconds),
    ("group_iterations_total", _C, "A group's turns, missed ones included.", lambda view: view.counts.iterations),
    ("group_iterations_missed_total", _C, "Turns missed for slowness.", lambda view: view.counts.missed),
    ("group_last_duration_seconds", _G, "Seconds of a group's last turn.", lambda view: view.counts.last_seconds),
    ("group_last_evaluation_samples", _G, "Samples of a group's last turn.", lambda view: view.counts.samples),
    (
        "group_last_evaluation_timestamp_seconds",
        _G,
        "When a group's last turn began, in Unix time.",
        lambda view: (view.last_evaluation or 0) / 1000,
    ),
    ("group_rules", _G, "Rules of a group.", lambda view: len(view.rules)),
)
_PEER: Final[tuple[tuple[str, str, Callable[[PeerCounts], float]], ...]] = (
    ("sent_total", "Alerts sent.", lambda counts: counts.sent),
    ("errors_total", "Posts of alerts that failed.", lambda counts: counts.errors),
)


def rule_families(groups: Iterable[GroupView], durations: Durations, templates: TemplateCounts) -> list[Family]:
    """All of `prometheus_rule_*` and `prometheus_template_*`."""
    views = {f"{view.file};{view.name}": view for view in groups}
    return [
        *group_families("prometheus_rule_", [({"rule_group": key}, view) for key, view in views.items()]),
        *duration_families("prometheus_rule_", [({}, durations)]),
        _one("prometheus_template_text_expansions_total", _C, "Templates filled in.", templates.expansions),
        _one("prometheus_template_text_expansion_failures_total", _C, "Templates that failed.", templates.failures),
    ]


def group_families(
    prefix: str, groups: Sequence[tuple[Mapping[str, str], GroupView]], other_names: Mapping[str, str] = _NONE
) -> list[Family]:
    """What is told of each group, under its labels; some of it may have another name than behind the prefix."""
    return [
        Family.of(
            other_names.get(ending, prefix + ending),
            type_,
            help_,
            *((labels, float(value(view))) for labels, view in groups),
        )
        for ending, type_, help_, value in _GROUP
    ]


def duration_families(prefix: str, told: Sequence[tuple[Mapping[str, str], Durations]]) -> list[Family]:
    """Seconds of rules and groups, summed up under labels."""
    rules = [(labels, (one.rule_seconds, one.rules)) for labels, one in told]
    groups = [(labels, (one.group_seconds, one.groups)) for labels, one in told]
    return [
        _summary(f"{prefix}evaluation_duration_seconds", "Seconds of rules' evaluations.", rules),
        _summary(f"{prefix}group_duration_seconds", "Seconds of groups' turns.", groups),
    ]


def notifier_families(notifier: Notifier, prefix: str = "prometheus_") -> list[Family]:
    """All of `prometheus_notifications_*`."""
    counts = notifier.counts
    peers = [({"alertmanager": url}, peer) for url, peer in counts.peers.items()]
    latency = [(labels, (peer.seconds, peer.posts)) for labels, peer in peers if peer.posts]
    return [
        _one(
            f"{prefix}notifications_alertmanagers_discovered",
            _G,
            "Alertmanagers that are told of alerts.",
            len(notifier.alertmanagers),
        ),
        _one(f"{prefix}notifications_dropped_total", _C, "Alerts that nobody was told of.", counts.dropped),
        _one(f"{prefix}notifications_queue_capacity", _G, "Alerts that may wait.", notifier.capacity),
        _one(f"{prefix}notifications_queue_length", _G, "Alerts that wait.", notifier.queue_length),
        *(
            Family.of(
                f"{prefix}notifications_{ending}",
                _C,
                help_,
                *((labels, float(value(peer))) for labels, peer in peers),
            )
            for ending, help_, value in _PEER
        ),
        _summary(f"{prefix}notifications_latency_seconds", "Seconds of posts of alerts.", latency),
    ]


def _one(name: str, type_: MetricType, help_: str, value: float) -> Family:
    return Family.of(name, type_, help_, ({}, float(value)))


def _summary(name: str, help_: str, sums: Iterable[tuple[Mapping[str, str], tuple[float, int]]]) -> Family:
    samples = []
    for given, (seconds, count) in sums:
        labels = tuple(given.items())
        samples += [Sample(f"{name}_sum", labels, seconds), Sample(f"{name}_count", labels, float(count))]
    return Family(name, MetricType.SUMMARY, help_, samples)
