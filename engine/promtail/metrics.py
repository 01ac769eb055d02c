"""What Promtail tells of itself, under its own names; and what the metrics stage counts.

What 2.7 tells is there from the start with 0. What has no meaning here (the library behind its server, Go's runtime) is
left out; request durations are a summary without quantiles.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from engine.promtail.clients.own import OwnClient
from engine.promtail.manager import Promtail
from engine.promtail.tail.file import TailedFile
from engine.promtail.tail.names import shown
from exporters.exposition.families import Family, MetricType, Sample

_COUNTER: Final = MetricType.COUNTER
_GAUGE: Final = MetricType.GAUGE
_REASONS: Final = ("ingester_error", "rate_limited", "stream_limited", "line_too_long")


def families(promtail: Promtail, now: int) -> list[Family]:
    """As of now (Unix ns)."""
    return [*_files(promtail), *_sources(promtail), *_clients(promtail), *_stages(promtail, now)]


def _files(promtail: Promtail) -> Iterator[Family]:
    counts, files = promtail.counts, list(_open_files(promtail))
    sizes = [({"path": shown(file.at)}, float(max(_size(file), file.read_at))) for file in files]
    read = [({"path": path}, float(size)) for path, size in sorted(counts.read_bytes.items())]
    lines = [({"path": path}, float(count)) for path, count in sorted(counts.read_lines.items())]
    yield Family.of("promtail_file_bytes_total", _GAUGE, "Bytes of files that are followed.", *sizes)
    yield Family.of("promtail_read_bytes_total", _GAUGE, "Bytes that were read of them.", *read)
    yield Family.of("promtail_read_lines_total", _COUNTER, "Lines that were read of them.", *lines)
    yield _one("promtail_files_active_total", _GAUGE, "Files that are followed.", len(files))
    lags = [({"filename": shown(file.path)}, max(0.0, float(_size(file) - file.read_at))) for file in files]
    yield Family.of("promtail_file_behind_bytes", _GAUGE, "Bytes of files that are yet to be read.", *lags)
    yield _one("promtail_cut_lines_total", _COUNTER, "Lines that were too long, and were cut.", _cut(files))


def _sources(promtail: Promtail) -> Iterator[Family]:
    counts = promtail.counts
    active = sum(1 for one in promtail.status() if not one.dropped)
    yield _one("promtail_targets_active_total", _GAUGE, "Targets that are read.", active)
    failed = [({"reason": reason}, float(count)) for reason, count in sorted(counts.failed_targets.items())]
    yield Family.of("promtail_targets_failed_total", _COUNTER, "Targets that can't be read, by reason.", *failed)
    yield _one("promtail_config_reload_success_total", _COUNTER, "Configurations put in force.", counts.reloads["good"])
    yield _one("promtail_config_reload_fail_total", _COUNTER, "Configurations refused.", counts.reloads["bad"])
    docker = "promtail_docker_target"
    yield _one(f"{docker}_entries_total", _COUNTER, "Lines of containers.", counts.docker_entries)
    yield _one(f"{docker}_parsing_errors_total", _COUNTER, "Of them, without a time.", counts.docker_errors)
    journal = "promtail_journal_target"
    yield _one(f"{journal}_lines_total", _COUNTER, "Entries of the journal.", counts.journal_lines)
    errors = [({"error": error}, float(count)) for error, count in sorted(counts.journal_errors.items())]
    yield Family.of(f"{journal}_parsing_errors_total", _COUNTER, "Entries that were no lines, by reason.", *errors)
    syslog = "promtail_syslog_target"
    yield _one(f"{syslog}_entries_total", _COUNTER, "Messages of syslog.", counts.syslog_entries)
    yield _one(f"{syslog}_parsing_errors_total", _COUNTER, "Messages that could not be read.", counts.syslog_errors)
    yield _one(f"{syslog}_empty_messages_total", _COUNTER, "Messages that said nothing.", counts.syslog_empty)


def _clients(promtail: Promtail) -> Iterator[Family]:
    clients = promtail.clients
    for name, help_, field in (
        ("encoded_bytes", "Bytes made for clients.", "encoded_bytes"),
        ("sent_bytes", "Bytes that clients took.", "sent_bytes"),
        ("sent_entries", "Lines that clients took.", "sent_entries"),
        ("batch_retries", "Batches that were sent again.", "retries"),
        ("withheld_entries", "Lines that were not sent, since they would leave this machine.", "withheld_entries"),
    ):
        rows = [({"host": one.counts.host}, float(getattr(one.counts, field))) for one in clients]
        yield Family.of(f"promtail_{name}_total", _COUNTER, help_, *rows)
    for name, help_ in (
        ("dropped_bytes", "Bytes that were given up, by reason."),
        ("dropped_entries", "Lines that were given up, by reason."),
    ):
        dropped = [
            ({"host": one.counts.host, "reason": reason}, float(getattr(one.counts, name)[reason]))
            for one in clients
            for reason in _REASONS
        ]
        yield Family.of(f"promtail_{name}_total", _COUNTER, help_, *dropped)
    yield _durations(promtail)


def _durations(promtail: Promtail) -> Family:
    name = "promtail_request_duration_seconds"
    family = Family(name, MetricType.SUMMARY, "How long requests to other Lokis took, by status.")
    for client in promtail.clients:
        if isinstance(client, OwnClient):
            continue
        for status, count in sorted(client.counts.requests.items()):
            labels = (("host", client.counts.host), ("status_code", status))
            family.samples.append(Sample(f"{name}_sum", labels, client.counts.seconds.get(status, 0.0)))
            family.samples.append(Sample(f"{name}_count", labels, float(count)))
    return family


def _stages(promtail: Promtail, now: int) -> Iterator[Family]:
    counts = promtail.counts
    dropped = [({"reason": reason}, float(count)) for reason, count in sorted(counts.pipeline.dropped.items())]
    yield Family.of("logentry_dropped_lines_total", _COUNTER, "Lines that stages dropped, by reason.", *dropped)
    faults = [({"stage": stage}, float(count)) for stage, count in sorted(counts.pipeline.faults.items())]
    yield Family.of("promtail_stage_faults_total", _COUNTER, "Lines with which a stage could do nothing.", *faults)
    yield from counts.custom.families(now)


def _open_files(promtail: Promtail) -> Iterable[TailedFile]:
    return (file for job in promtail.jobs.values() for file in job.files())


def _size(file: TailedFile) -> int:
    return file.read_at if file.closed else file.size()


def _cut(files: Iterable[TailedFile]) -> int:
    return sum(file.cut for file in files)


def _one(name: str, kind: MetricType, help_: str, value: float) -> Family:
    return Family.of(name, kind, help_, ({}, float(value)))
