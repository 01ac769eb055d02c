"""Remote read under Prometheus's names: `prometheus_remote_storage_read_*`, by server."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from engine.remote.reads.client import ReadClient
from exporters.exposition.families import Family, MetricType
from exporters.histogram import labelled_histograms

_PREFIX: Final = "prometheus_remote_storage_"


def read_families(clients: Sequence[ReadClient]) -> list[Family]:
    """None where nothing is read from elsewhere."""
    if not clients:
        return []
    labelled = [({"remote_name": client.name, "url": str(client.config.url)}, client.counts) for client in clients]
    by_code = [
        ({"code": str(code), **labels}, float(count))
        for labels, counts in labelled
        for code, count in sorted(counts.by_code.items())
    ]
    current = [(labels, float(counts.current)) for labels, counts in labelled]
    return [
        Family.of(f"{_PREFIX}read_queries_total", MetricType.COUNTER, "Answers to remote read queries.", *by_code),
        Family.of(
            f"{_PREFIX}remote_read_queries", MetricType.GAUGE, "Remote read queries that are under way.", *current
        ),
        labelled_histograms(
            f"{_PREFIX}read_request_duration_seconds",
            "Seconds until a remote read query was answered.",
            [(tuple(labels.items()), counts.seconds) for labels, counts in labelled],
        ),
    ]
