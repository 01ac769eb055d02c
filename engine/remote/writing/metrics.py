"""Remote write under Prometheus's names: `prometheus_remote_storage_*`, by server."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from engine.remote.writing.queue import Queue
from exporters.exposition.families import Family, MetricType
from exporters.histogram import labelled_histograms

_C, _G = MetricType.COUNTER, MetricType.GAUGE
_PREFIX: Final = "prometheus_remote_storage_"
_TABLE: Final[tuple[tuple[str, MetricType, str, Callable[[Queue], float]], ...]] = (
    ("bytes_total", _C, "Bytes of requests with samples and exemplars, packed.", lambda q: q.counts.bytes),
    ("exemplars_dropped_total", _C, "Exemplars that relabelling or lack of room dropped.",
     lambda q: q.counts.exemplars.dropped),
    ("exemplars_failed_total", _C, "Exemplars that were refused for good.", lambda q: q.counts.exemplars.failed),
    ("exemplars_pending", _G, "Exemplars that wait.", lambda q: q.exemplars_pending),
    ("exemplars_retried_total", _C, "Exemplars that were sent again.", lambda q: q.counts.exemplars.retried),
    ("exemplars_total", _C, "Exemplars sent.", lambda q: q.counts.exemplars.total),
    ("max_samples_per_send", _G, "Most samples of a request.", lambda q: q.config.queue_config.max_samples_per_send),
    ("metadata_bytes_total", _C, "Bytes of requests with metadata, packed.", lambda q: q.counts.metadata.bytes),
    ("metadata_failed_total", _C, "Metadata that was refused.", lambda q: q.counts.metadata.failed),
    ("metadata_retried_total", _C, "Metadata that was sent again.", lambda q: q.counts.metadata.retried),
    ("metadata_total", _C, "Metadata sent.", lambda q: q.counts.metadata.total),
    (
        "queue_highest_sent_timestamp_seconds", _G, "The newest sample that was taken, in Unix time.",
        lambda q: q.counts.highest_sent / 1000,
    ),
    ("samples_dropped_total", _C, "Samples that relabelling dropped.", lambda q: q.counts.samples.dropped),
    ("samples_failed_total", _C, "Samples that were refused for good.", lambda q: q.counts.samples.failed),
    ("samples_pending", _G, "Samples that wait.", lambda q: q.feed.pending),
    ("samples_retried_total", _C, "Samples that were sent again.", lambda q: q.counts.samples.retried),
    ("samples_total", _C, "Samples sent.", lambda q: q.counts.samples.total),
    ("shard_capacity", _G, "Samples that may wait for a sender.", lambda q: q.config.queue_config.capacity),
    ("shards", _G, "Senders of the last round.", lambda q: q.counts.shards),
    ("shards_desired", _G, "Senders that would have got through the last round in time.", lambda q: q.counts.desired),
    ("shards_max", _G, "Senders at most.", lambda q: q.config.queue_config.max_shards),
    ("shards_min", _G, "Senders at least.", lambda q: q.config.queue_config.min_shards),
)  # fmt: skip


def write_families(queues: Sequence[Queue], newest: int, prefix: str = _PREFIX) -> list[Family]:
    """`newest` is the time of the newest sample that is kept (Unix ms). None where nothing is written elsewhere."""
    if not queues:
        return []
    by_labels = [({"remote_name": queue.name, "url": str(queue.config.url)}, queue) for queue in queues]
    found = [
        Family.of(prefix + name, kind, text, *((labels, float(read(queue))) for labels, queue in by_labels))
        for name, kind, text, read in _TABLE
    ]
    found.append(
        labelled_histograms(
            f"{prefix}sent_batch_duration_seconds",
            "Seconds of attempts.",
            [(tuple(labels.items()), queue.counts.seconds) for labels, queue in by_labels],
        )
    )
    newest_help = "The newest sample that is kept, in Unix time."
    found.append(Family.of(f"{prefix}highest_timestamp_in_seconds", _G, newest_help, ({}, newest / 1000)))
    return found


def following_families(queues: Sequence[Queue], samples: int, exemplars: int) -> list[Family]:
    """What comes into a store, since the start, and where in its log each queue is. None where there is no queue."""
    if not queues:
        return []
    segments = [({"consumer": queue.name}, float(queue.feed.position.segment)) for queue in queues]
    return [
        Family.of(f"{_PREFIX}samples_in_total", _C, "Samples stored since the start.", ({}, float(samples))),
        Family.of(f"{_PREFIX}exemplars_in_total", _C, "Exemplars kept since the start.", ({}, float(exemplars))),
        Family.of("prometheus_wal_watcher_current_segment", _G, "The segment of the log that is read.", *segments),
    ]
