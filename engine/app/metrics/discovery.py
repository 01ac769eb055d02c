"""What discovery says of itself, under Prometheus's names."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from engine.discovery.config_kubernetes import ROLES
from engine.discovery.ports import DiscoveryCounts
from engine.foundation.lengths import Lengths
from exporters.exposition.families import Family, MetricType, Sample

_C, _G = MetricType.COUNTER, MetricType.GAUGE
_SD: Final = "prometheus_sd_"


def discovery_families(counts: DiscoveryCounts, discovered: Mapping[str, int]) -> list[Family]:
    """`discovered` is how many targets there are, by job. What has no samples is left out, as there."""
    found = [
        Family.of(
            f"{_SD}discovered_targets",
            _G,
            "Targets that discovery tells of.",
            *(({"config": job, "name": "scrape"}, count) for job, count in discovered.items()),
        ),
        _count("file_read_errors_total", "Times that a file of targets could not be used.", counts.file_read_errors),
        _total(f"{_SD}file_scan_duration_seconds", "Seconds of looking at files of targets.", counts.file_scans),
        Family.of(
            f"{_SD}file_mtime_seconds",
            _G,
            "When a file of targets was changed, in Unix time.",
            *(({"filename": name}, time) for name, time in sorted(counts.file_times.items())),
        ),
        Family.of(
            f"{_SD}received_updates_total",
            _C,
            "News that sources told, by what their targets are for.",
            *(({"name": name}, counts.received[name]) for name in sorted({"scrape", *counts.received})),
        ),
        Family.of(
            "engine_discovery_failing",
            _G,
            "Sources that can't be used now; the targets that they told before stay.",
            *(({"source": name}, 1.0) for name in sorted(counts.faults)),
        ),
        _count(
            "http_failures_total", "Times that a service of targets did not answer as it should.", counts.http_failures
        ),
        _count("dns_lookups_total", "Names that discovery asked for.", counts.dns_lookups),
        _count("dns_lookup_failures_total", "Names that nobody could say anything about.", counts.dns_failures),
        Family.of(
            f"{_SD}refresh_failures_total",
            _C,
            "Times that a source could not be asked, by mechanism.",
            *(({"mechanism": name}, count) for name, count in sorted(counts.refresh_failures.items())),
        ),
        summary(f"{_SD}refresh_duration_seconds", "Seconds of asking a source.", "mechanism", counts.refreshes),
        _count("consul_rpc_failures_total", "Calls of Consul that failed.", counts.consul_failures),
        _consul_calls(counts),
        *_kubernetes(counts),
    ]
    return [family for family in found if family.samples]


def summary(name: str, text: str, label: str, lengths: Mapping[str, Lengths]) -> Family:
    """Sums and counts by a label, without quantiles."""
    family = Family(name, MetricType.SUMMARY, text)
    for value, length in lengths.items():
        _add(family, ((label, value),), length)
    return family


def _consul_calls(counts: DiscoveryCounts) -> Family:
    family = Family(f"{_SD}consul_rpc_duration_seconds", MetricType.SUMMARY, "Seconds of calls of Consul.")
    for call in ("service", "services"):
        _add(family, (("call", call), ("endpoint", "catalog")), counts.consul_calls.get(call, Lengths()))
    return family


def _kubernetes(counts: DiscoveryCounts) -> list[Family]:
    return [
        Family.of(
            f"{_SD}kubernetes_events_total",
            _C,
            "What Kubernetes told of, by role and event.",
            *(
                ({"event": event, "role": role}, counts.kubernetes_events[role, event])
                for role in ROLES
                for event in ("add", "delete", "update")
            ),
        ),
        Family.of(
            f"{_SD}kubernetes_http_request_total",
            _C,
            "Answers of Kubernetes, by status.",
            *(({"status_code": status}, count) for status, count in sorted(counts.kubernetes_answers.items())),
        ),
        summary(
            f"{_SD}kubernetes_http_request_duration_seconds",
            "Seconds until Kubernetes answered, by path.",
            "endpoint",
            counts.kubernetes_requests,
        ),
    ]


def _count(name: str, text: str, value: float) -> Family:
    return Family.of(f"{_SD}{name}", _C, text, ({}, value))


def _total(name: str, text: str, length: Lengths) -> Family:
    family = Family(name, MetricType.SUMMARY, text)
    _add(family, (), length)
    return family


def _add(family: Family, labels: tuple[tuple[str, str], ...], length: Lengths) -> None:
    family.samples.append(Sample(f"{family.name}_sum", labels, length.seconds))
    family.samples.append(Sample(f"{family.name}_count", labels, float(length.count)))
