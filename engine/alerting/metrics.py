"""The alerting side's own numbers, under the names that Alertmanager gives them.

Counters are there from the start with 0, for each kind of integration that 0.25 has, so that rates and alerts about
them work before the first notification. What can't happen here (gossip, faults of look-ups) is counted for those who
watch it; peers of a cluster are left out.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from hashlib import sha256
from itertools import accumulate
from typing import Final

from engine.alerting.config.text import config_text
from engine.alerting.counts import LATENCY_BUCKETS, Durations, Histogram
from engine.alerting.kept.silences import State
from engine.alerting.manager import AlertManager
from engine.foundation.clock import SECOND
from exporters import build
from exporters.exposition.families import Family, MetricType, Sample

COMPATIBLE_WITH: Final = "0.25.0"
KINDS: Final = (
    "email", "opsgenie", "pagerduty", "pushover", "slack", "sns", "telegram", "victorops", "webhook", "wechat",
)  # fmt: skip
_COUNTER: Final = MetricType.COUNTER
_GAUGE: Final = MetricType.GAUGE


def families(manager: AlertManager) -> list[Family]:
    """As of now."""
    return [*_alerts(manager), *_config(manager), *_notifications(manager), *_silences(manager)]


def _alerts(manager: AlertManager) -> Iterator[Family]:
    states = {"active": 0, "suppressed": 0, "unprocessed": 0}
    for _, status in manager.statuses():
        states[status.state] += 1
    rows = [({"state": state}, float(count)) for state, count in states.items()]
    yield Family.of("alertmanager_alerts", _GAUGE, "Alerts that are known, by state.", *rows)
    yield Family.of("alertmanager_marked_alerts", _GAUGE, "The same, whether they have ended or not.", *rows)
    received = manager.received
    by_status = {"firing": received.firing, "resolved": received.resolved}
    rows = [
        ({"status": status, "version": version}, float(count))
        for status, counts in by_status.items()
        for version, count in counts.items()
    ]
    words = "Alerts that came in, by what they said of themselves."
    yield Family.of("alertmanager_alerts_received_total", _COUNTER, words, *rows)
    invalid = (({"version": version}, float(count)) for version, count in received.invalid.items())
    yield Family.of("alertmanager_alerts_invalid_total", _COUNTER, "Alerts that were refused.", *invalid)
    yield _summary(
        "alertmanager_dispatcher_alert_processing_duration_seconds",
        "How long alerts took to be put into their groups.",
        manager.work.dispatched,
    )
    groups = len(manager.running.dispatcher.groups())
    yield _one("alertmanager_dispatcher_aggregation_groups", "Groups of alerts that have a timer now.", groups)


def _config(manager: AlertManager) -> Iterator[Family]:
    yield Family.of("alertmanager_build_info", _GAUGE, "The version, as labels.", (build.labels(COMPATIBLE_WITH), 1.0))
    yield _one("alertmanager_cluster_enabled", "There is no cluster.", 0)
    digest = sha256(config_text(manager.running.config, manager.grammar).encode()).digest()
    yield _one("alertmanager_config_hash", "A number that changes with the config.", int.from_bytes(digest[:6]))
    yield _one(
        "alertmanager_config_last_reload_successful",
        "1 if the last config that was read is in force.",
        manager.reload_successful,
    )
    yield _one(
        "alertmanager_config_last_reload_success_timestamp_seconds",
        "When the config in force was put in force, in Unix seconds.",
        manager.reloaded_at / SECOND,
    )
    yield _one("alertmanager_integrations", "Places that receivers send to.", manager.running.integrations)
    yield _one("alertmanager_receivers", "Receivers that a route names.", manager.running.receivers)


def _notifications(manager: AlertManager) -> Iterator[Family]:
    counts = manager.counts
    by_kind: tuple[tuple[str, str, Mapping[str, int]], ...] = (
        ("notifications_total", "Notifications that were to be sent.", counts.notifications),
        ("notifications_failed_total", "Notifications that were given up.", counts.notifications_failed),
        ("notification_requests_total", "Attempts to send a notification.", counts.requests),
        ("notification_requests_failed_total", "Attempts that failed.", counts.requests_failed),
    )
    for name, help_, counter in by_kind:
        rows = (({"integration": kind}, float(counter.get(kind, 0))) for kind in _kinds(counter))
        yield Family.of(f"alertmanager_{name}", _COUNTER, help_, *rows)
    latency = Family("alertmanager_notification_latency_seconds", MetricType.HISTOGRAM, "How long attempts took.")
    for kind in _kinds(counts.latency):
        latency.samples.extend(_histogram(latency.name, kind, counts.latency.get(kind, Histogram())))
    yield latency
    queries = float(counts.journal_queries)
    yield Family.of("alertmanager_nflog_queries_total", _COUNTER, "Look-ups of what was told before.", ({}, queries))
    yield _none("alertmanager_nflog_query_errors_total", "Look-ups that failed.")
    work = manager.work
    yield from _file("nflog", work.journal_forgot, work.journal_kept, manager.journal.size)


def _silences(manager: AlertManager) -> Iterator[Family]:
    rows = (({"state": state.value}, float(manager.silences.count(state))) for state in State)
    yield Family.of("alertmanager_silences", _GAUGE, "Silences by state.", *rows)
    asked = float(manager.silences.queries)
    yield Family.of(
        "alertmanager_silences_queries_total", _COUNTER, "Questions whether an alert is silenced.", ({}, asked)
    )
    yield _none("alertmanager_silences_query_errors_total", "Such questions that failed.")
    work = manager.work
    yield from _file("silences", work.silences_forgot, work.silences_kept, manager.silences.size)


def _file(name: str, forgot: Durations, kept: Durations, size: int) -> Iterator[Family]:
    """The upkeep of what is on disk; the original's snapshots are our files."""
    yield _summary(f"alertmanager_{name}_gc_duration_seconds", "How long forgetting took.", forgot)
    yield _summary(f"alertmanager_{name}_snapshot_duration_seconds", "How long keeping the file small took.", kept)
    yield _one(f"alertmanager_{name}_snapshot_size_bytes", "Size of the file.", size)
    yield _none(f"alertmanager_{name}_gossip_messages_propagated_total", "Messages to others of a cluster.")


def _one(name: str, help_: str, value: float) -> Family:
    return Family.of(name, _GAUGE, help_, ({}, float(value)))


def _none(name: str, help_: str) -> Family:
    """What can't happen here, and is counted for those who watch it."""
    return Family.of(name, _COUNTER, help_, ({}, 0.0))


def _summary(name: str, help_: str, durations: Durations) -> Family:
    samples = [Sample(f"{name}_sum", (), durations.seconds), Sample(f"{name}_count", (), float(durations.count))]
    return Family(name, MetricType.SUMMARY, help_, samples)


def _kinds(found: Iterable[str]) -> list[str]:
    return sorted({*KINDS, *found})


def _histogram(name: str, kind: str, histogram: Histogram) -> Iterator[Sample]:
    labels = (("integration", kind),)
    bounds = [*(f"{bound:g}" for bound in LATENCY_BUCKETS), "+Inf"]
    for bound, count in zip(bounds, accumulate(histogram.slots), strict=True):
        yield Sample(f"{name}_bucket", (*labels, ("le", bound)), count)
    yield Sample(f"{name}_sum", labels, histogram.sum)
    yield Sample(f"{name}_count", labels, histogram.count)
