"""The log side's own numbers, under Loki's names where they have a meaning here."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from engine.logs.service import LogService
from exporters import build
from exporters.exposition.families import Family, MetricType

COMPATIBLE_WITH: Final = "2.7.4"
_C, _G = MetricType.COUNTER, MetricType.GAUGE


def families(service: LogService) -> list[Family]:
    """As of now."""
    found = [*_pushes(service), *_store(service)]
    told = Family.of("loki_build_info", _G, "The version, as labels.", (build_info(), 1.0))
    return sorted([told, *found], key=lambda family: family.name)


def build_info() -> dict[str, str]:
    """The labels of `loki_build_info`."""
    return build.labels(COMPATIBLE_WITH, "engine")


def build_page() -> dict[str, str]:
    """What `/loki/api/v1/status/buildinfo` tells."""
    return build.page(build_info())


def _pushes(service: LogService) -> Iterator[Family]:
    counts = service.intake.counts
    yield _by_tenant("loki_distributor_lines_received_total", "Lines that were pushed.", counts.lines)
    yield _by_tenant("loki_distributor_bytes_received_total", "Bytes of lines that were pushed.", counts.bytes)
    yield _by_tenant("loki_distributor_ingester_appends_total", "Pushes.", counts.appends)
    for name, text, refused in (
        ("loki_discarded_samples_total", "Lines that were refused, by reason.", counts.refused_lines),
        ("loki_discarded_bytes_total", "Bytes of lines that were refused, by reason.", counts.refused_bytes),
    ):
        rows = [({"reason": reason, "tenant": tenant}, float(n)) for (reason, tenant), n in sorted(refused.items())]
        yield Family.of(name, _C, text, *rows)


def _store(service: LogService) -> Iterator[Family]:
    store = service.store
    tenants = dict(store.catalog.tenants)  # others may come meanwhile
    active = {tenant: len(one.active) for tenant, one in tenants.items()}
    known = {tenant: len(one.by_labels) for tenant, one in tenants.items()}
    yield _by_tenant("loki_ingester_memory_streams", "Streams that took lines lately.", active, _G)
    yield _by_tenant("engine_logs_streams", "Streams that are known.", known, _G)
    for name, text, value in (
        ("engine_logs_open_bytes", "Bytes of lines that are not sealed.", store.open_bytes),
        ("engine_logs_stored_bytes", "Bytes of files of sealed lines.", store.files.size),
        ("engine_logs_files", "Files of sealed lines.", len(store.files.segments)),
        ("engine_logs_log_bytes", "Bytes of the newest segment of the log.", store.log_size()),
    ):
        yield Family.of(name, _G, text, ({}, float(value)))
    lost, lines = store.recovery.damages, store.recovery.lines
    yield Family.of("loki_ingester_wal_corruptions_total", _C, "Damages found at the start.", ({}, float(len(lost))))
    yield Family.of("loki_ingester_wal_recovered_entries_total", _C, "Lines read from the log.", ({}, float(lines)))


def _by_tenant(name: str, text: str, counts: Mapping[str, int], kind: MetricType = _C) -> Family:
    return Family.of(name, kind, text, *(({"tenant": tenant}, float(n)) for tenant, n in sorted(counts.items())))
