"""What Promtail counts, under its own names on the page of metrics."""

from __future__ import annotations

from collections import Counter

from msgspec import Struct, field

from engine.promtail.entry import PipelineCounts
from engine.promtail.stages.custom import CustomMetrics


class SentCounts(Struct):
    """Of one client, by the host that it sends to; `seconds` are by status."""

    host: str
    encoded_bytes: int = 0
    sent_bytes: int = 0
    sent_entries: int = 0
    dropped_bytes: Counter[str] = field(default_factory=Counter)
    dropped_entries: Counter[str] = field(default_factory=Counter)
    retries: int = 0
    requests: Counter[str] = field(default_factory=Counter)
    seconds: dict[str, float] = field(default_factory=dict)
    withheld_entries: int = 0


class Counts(Struct):
    """All that is not a client's. Lines and bytes are by path."""

    read_lines: Counter[str] = field(default_factory=Counter)
    read_bytes: dict[str, int] = field(default_factory=dict)
    failed_targets: Counter[str] = field(default_factory=Counter)
    reloads: Counter[str] = field(default_factory=Counter)
    docker_entries: int = 0
    docker_errors: int = 0
    journal_lines: int = 0
    journal_errors: Counter[str] = field(default_factory=Counter)
    syslog_entries: int = 0
    syslog_errors: int = 0
    syslog_empty: int = 0
    pushed_entries: int = 0
    pipeline: PipelineCounts = field(default_factory=PipelineCounts)
    custom: CustomMetrics = field(default_factory=CustomMetrics)
