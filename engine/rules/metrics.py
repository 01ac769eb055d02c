"""What the engine says of its rules and notifications, under Prometheus's names. Summaries have no quantiles."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Final

from engine.rules.manager import Durations
from engine.rules.notifier import Notifier, PeerCounts
from engine.rules.templates import TemplateCounts
from engine.rules.views import GroupView
from exporters.exposition.families import Family, MetricType, Sample

_C, _G = MetricType.COUNTER, MetricType.GAUGE

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
    by_key = {f"{view.file};{view.name}": view for view in groups}
    families = [
        Family.of(
            f"prometheus_rule_{ending}",
            type_,
            help_,
            *(({"rule_group": key}, float(value(view))) for key, view in by_key.items()),
        )
        for ending, type_, help_, value in _GROUP
    ]
    rules, groups_ = (durations.rule_seconds, durations.rules), (durations.group_seconds, durations.groups)
    return [
        *families,
        _summary("prometheus_rule_evaluation_duration_seconds", "Seconds of rules' evaluations.", {"": rules}),
        _summary("prometheus_rule_group_duration_seconds", "Seconds of groups' turns.", {"": groups_}),
        _one("prometheus_template_text_expansions_total", _C, "Templates filled in.", templates.expansions),
        _one("prometheus_template_text_expansion_failures_total", _C, "Templates that failed.", templates.failures),
    ]


def notifier_families(notifier: Notifier) -> list[Family]:
    """All of `prometheus_notifications_*`."""
    counts = notifier.counts
    latency = {url: (peer.seconds, peer.posts) for url, peer in counts.peers.items() if peer.posts}
    return [
        _one(
            "prometheus_notifications_alertmanagers_discovered",
            _G,
            "Alertmanagers that are told of alerts.",
            len(notifier.alertmanagers),
        ),
        _one("prometheus_notifications_dropped_total", _C, "Alerts that nobody was told of.", counts.dropped),
        _one("prometheus_notifications_queue_capacity", _G, "Alerts that may wait.", notifier.capacity),
        _one("prometheus_notifications_queue_length", _G, "Alerts that wait.", notifier.queue_length),
        *(
            Family.of(
                f"prometheus_notifications_{ending}",
                _C,
                help_,
                *(({"alertmanager": url}, float(value(peer))) for url, peer in counts.peers.items()),
            )
            for ending, help_, value in _PEER
        ),
        _summary("prometheus_notifications_latency_seconds", "Seconds of posts of alerts.", latency),
    ]


def _one(name: str, type_: MetricType, help_: str, value: float) -> Family:
    return Family.of(name, type_, help_, ({}, float(value)))


def _summary(name: str, help_: str, sums: Mapping[str, tuple[float, int]]) -> Family:
    """Sum and count by Alertmanager; under an empty name they stand alone."""
    samples = []
    for url, (seconds, count) in sums.items():
        labels = (("alertmanager", url),) if url else ()
        samples += [Sample(f"{name}_sum", labels, seconds), Sample(f"{name}_count", labels, float(count))]
    return Family(name, MetricType.SUMMARY, help_, samples)
