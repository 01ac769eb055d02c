"""What the engine says of itself, under Prometheus's names where there is one.

One table: a name, a type, a help text, and how its samples are read from the parts. The Go runtime's families
(`go_*`) have no meaning here and are left out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Final, TypeAlias

from engine.app.metrics.agent import agent_families
from engine.app.metrics.discovery import discovery_families, summary
from engine.app.parts import Parts
from engine.foundation.lengths import Lengths
from engine.remote.reads.metrics import read_families
from engine.remote.writing.metrics import following_families, write_families
from engine.rules.metrics import notifier_families, rule_families
from exporters import build
from exporters.exposition.families import Family, MetricType
from exporters.histogram import histogram_family
from exporters.process.itself import Itself

COMPATIBLE_VERSION: Final = "2.42.0"
_C, _G = MetricType.COUNTER, MetricType.GAUGE

Rows: TypeAlias = Iterable[tuple[Mapping[str, str], float]]
Read: TypeAlias = Callable[[Parts], float | Rows]

_OURSELVES: Final = Itself()
_FEDERATION: Final = "prometheus_web_federation_"
_T: Final = "prometheus_target_"
_SCRAPES: Final = f"{_T}scrapes_"
_POOLS: Final = f"{_T}scrape_pool"
_TSDB: Final = "prometheus_tsdb_"
_EXEMPLARS: Final = "prometheus_tsdb_exemplar_"

TABLE: Final[tuple[tuple[str, MetricType, str, Read], ...]] = (
    ("prometheus_build_info", _G, "The version, as labels.", lambda _: [(build_info(), 1.0)]),
    ("prometheus_ready", _G, "Whether everything has started.", lambda _: 1.0),
    (
        "prometheus_config_last_reload_successful",
        _G,
        "Whether the last loading of the configuration succeeded.",
        lambda p: float(p.in_force.good),
    ),
    (
        "prometheus_config_last_reload_success_timestamp_seconds",
        _G,
        "When the configuration was last loaded successfully.",
        lambda p: p.in_force.since / 1000,
    ),
    (
        "prometheus_engine_queries",
        _G,
        "Queries that run or wait.",
        lambda p: p.queries.counts.current,
    ),
    (
        "prometheus_engine_queries_concurrent_max",
        _G,
        "How many queries may run at once.",
        lambda p: p.queries.limits.max_concurrency,
    ),
    (
        "prometheus_api_remote_read_queries",
        _G,
        "Requests of remote read that are being answered.",
        lambda p: p.reader.current,
    ),
    (f"{_FEDERATION}errors_total", _C, "Pages of /federate that could not be made.", lambda p: p.federation.errors),
    (f"{_FEDERATION}warnings_total", _C, "Warnings on pages of /federate.", lambda p: p.federation.warnings),
    (
        "prometheus_http_requests_total",
        _C,
        "HTTP requests by handler and status.",
        lambda p: [
            ({"code": str(code), "handler": h}, n) for (h, code), n in sorted(p.components.http.requests.items())
        ],
    ),
    (f"{_POOLS}s_total", _C, "Scrape pools made.", lambda p: len(p.scrapes.pools)),
    (f"{_POOLS}s_failed_total", _C, "Scrape pools that could not be made.", lambda _: 0),
    (f"{_POOLS}_reloads_total", _C, "Scrape pools changed by a reload.", lambda p: p.scrapes.counters.pool_reloads),
    (
        f"{_POOLS}_targets",
        _G,
        "Targets of a pool.",
        lambda p: [({"scrape_job": name}, len(pool.active)) for name, pool in p.scrapes.pools.items()],
    ),
    (
        f"{_POOLS}_sync_total",
        _C,
        "Times that a pool took over what discovery told.",
        lambda p: [({"scrape_job": job}, s.count) for job, s in p.scrapes.counters.syncs.items()],
    ),
    (
        f"{_POOLS}_exceeded_target_limit_total",
        _C,
        "Times that a pool had more targets than it may.",
        lambda p: p.scrapes.counters.exceeded_target_limit,
    ),
    (
        f"{_POOLS}_exceeded_label_limits_total",
        _C,
        "Scrapes refused for a label limit.",
        lambda p: p.scrapes.counters.exceeded_label_limits,
    ),
    (
        f"{_T}sync_failed_total",
        _C,
        "Targets that could not be made.",
        lambda p: [({"scrape_job": job}, n) for job, n in p.scrapes.counters.sync_failures.items()],
    ),
    (
        f"{_SCRAPES}exceeded_sample_limit_total",
        _C,
        "Scrapes refused for the sample limit.",
        lambda p: p.scrapes.counters.exceeded_sample_limit,
    ),
    (
        f"{_SCRAPES}exceeded_body_size_limit_total",
        _C,
        "Scrapes refused for the size of the page.",
        lambda p: p.scrapes.counters.exceeded_body_size_limit,
    ),
    (
        f"{_SCRAPES}sample_duplicate_timestamp_total",
        _C,
        "Samples dropped: another value for the same instant.",
        lambda p: p.scrapes.counters.duplicates,
    ),
    (
        f"{_SCRAPES}sample_out_of_order_total",
        _C,
        "Samples dropped: older than the newest of their series.",
        lambda p: p.scrapes.counters.out_of_order,
    ),
    (
        f"{_SCRAPES}sample_out_of_bounds_total",
        _C,
        "Samples dropped: too old or too far ahead.",
        lambda p: p.scrapes.counters.out_of_bounds,
    ),
    (
        f"{_SCRAPES}cache_flush_forced_total",
        _C,
        "Times that a target's memory of its series was thrown away for its size.",
        lambda p: p.scrapes.counters.cache_flushes,
    ),
    (
        f"{_T}metadata_cache_entries",
        _G,
        "Metrics whose metadata are known.",
        lambda p: [
            ({"scrape_job": name}, sum(len(t.metadata) for t in pool.active)) for name, pool in p.scrapes.pools.items()
        ],
    ),
    (
        f"{_TSDB}head_samples_appended_total",
        _C,
        "Samples stored since the start.",
        lambda p: [({"type": "float"}, p.store.totals.appended)],
    ),
    (f"{_TSDB}head_series", _G, "Series in the store.", lambda p: p.store.size.series),
    (f"{_TSDB}head_chunks", _G, "Parts in the store.", lambda p: p.store.size.parts),
    (f"{_TSDB}head_series_created_total", _C, "Series that came.", lambda p: p.store.counts.series_created),
    (f"{_TSDB}head_series_removed_total", _C, "Series that went.", lambda p: p.store.counts.series_removed),
    (f"{_EXEMPLARS}max_exemplars", _G, "How many exemplars may be kept.", lambda p: p.store.exemplars.most),
    (f"{_EXEMPLARS}exemplars_in_storage", _G, "Exemplars that are kept.", lambda p: len(p.store.exemplars)),
    (
        f"{_EXEMPLARS}series_with_exemplars_in_storage",
        _G,
        "Series that have exemplars.",
        lambda p: p.store.exemplars.series,
    ),
    (
        f"{_EXEMPLARS}last_exemplars_timestamp_seconds",
        _G,
        "When the exemplar was that goes next.",
        lambda p: p.store.exemplars.oldest / 1000,
    ),
    (f"{_EXEMPLARS}exemplars_appended_total", _C, "Exemplars kept so far.", lambda p: p.store.exemplars.counts.kept),
    (
        f"{_EXEMPLARS}out_of_order_exemplars_total",
        _C,
        "Exemplars refused: older than the newest of their series.",
        lambda p: p.store.exemplars.counts.out_of_order,
    ),
    (
        f"{_SCRAPES}exemplar_out_of_order_total",
        _C,
        "Exemplars of pages refused: older than the newest of their series.",
        lambda p: p.scrapes.counters.exemplars_out_of_order,
    ),
    (f"{_TSDB}blocks_loaded", _G, "Files of parts.", lambda p: p.store.counts.files),
    (f"{_TSDB}compactions_total", _C, "Compactions of files of parts.", lambda p: p.store.counts.compactions),
    (
        f"{_TSDB}time_retentions_total",
        _C,
        "Times that files were dropped for their age.",
        lambda p: p.store.counts.time_retentions,
    ),
    (
        f"{_TSDB}size_retentions_total",
        _C,
        "Times that files were dropped for the size of all.",
        lambda p: p.store.counts.size_retentions,
    ),
    (f"{_TSDB}head_min_time_seconds", _G, "The oldest sample's time.", lambda p: p.store.size.min_time / 1000),
    (f"{_TSDB}head_max_time_seconds", _G, "The newest sample's time.", lambda p: p.store.size.max_time / 1000),
    (f"{_TSDB}lowest_timestamp_seconds", _G, "The oldest sample's time.", lambda p: p.store.size.min_time / 1000),
    (f"{_TSDB}storage_blocks_bytes", _G, "Bytes on disk.", lambda p: p.store.size.bytes_stored),
    (f"{_TSDB}wal_segment_current", _G, "The log segment that is written.", lambda p: p.store.size.log_segment),
    (f"{_TSDB}wal_corruptions_total", _C, "Damages found at the start.", lambda p: len(p.store.recovery.damages)),
    (
        f"{_TSDB}retention_limit_bytes",
        _G,
        "How much is kept; 0: no limit.",
        lambda p: p.store.options.retention_bytes,
    ),
    (
        f"{_TSDB}out_of_order_samples_total",
        _C,
        "Samples refused: out of order.",
        lambda p: [({"type": "float"}, p.store.totals.out_of_order)],
    ),
    (
        f"{_TSDB}out_of_bound_samples_total",
        _C,
        "Samples refused: too old.",
        lambda p: [({"type": "float"}, p.store.totals.out_of_bounds)],
    ),
    (
        f"{_TSDB}too_old_samples_total",
        _C,
        "Samples refused: further behind others than the window for late ones.",
        lambda p: [({"type": "float"}, p.store.totals.too_old)],
    ),
    (
        f"{_TSDB}head_out_of_order_samples_appended_total",
        _C,
        "Samples that came late and were taken.",
        lambda p: p.store.totals.late,
    ),
    (
        "engine_loop_crashes_total",
        _C,
        "Unexpected errors by loop; each loop was started again.",
        lambda p: [({"loop": name}, count) for name, count in sorted(p.around.supervisor.crashes.items())],
    ),
)


def families(parts: Parts) -> list[Family]:
    """All families, sorted by name."""
    found = [_family(name, kind, text, read(parts)) for name, kind, text, read in TABLE]
    found += _OURSELVES.read()
    found += _summaries(parts)
    if parts.options.agent_kept_ms is None:
        found += rule_families(parts.rules.groups(), parts.rules.durations(), parts.expander.counts)
        found += notifier_families(parts.notifier)
    else:
        found += agent_families(parts.store)
    discovered = {name: pool.discovered for name, pool in parts.scrapes.pools.items()}
    found += discovery_families(parts.scrapes.discovery_counts, discovered)
    found += parts.browser.families()
    found += read_families(parts.reads.clients)
    found += write_families(parts.writes.queues, parts.store.size.max_time)
    found += following_families(parts.writes.queues, parts.store.totals.appended, parts.store.exemplars.counts.kept)
    return sorted(found, key=lambda family: family.name)


def version() -> dict[str, str]:
    """What `/version` and `/status/buildinfo` tell."""
    return build.page(build_info())


def build_info() -> dict[str, str]:
    """The labels of `prometheus_build_info`."""
    return build.labels(COMPATIBLE_VERSION, "engine")


def _family(name: str, kind: MetricType, text: str, value: float | Rows) -> Family:
    return Family.of(name, kind, text, *([({}, value)] if isinstance(value, int | float) else value))


def _summaries(parts: Parts) -> Iterable[Family]:
    """Sums and counts, without quantiles."""
    counts, scrapes, http = parts.queries.counts, parts.scrapes.counters, parts.components.http
    slices = {
        "queue_time": counts.queue_seconds,
        "prepare_time": counts.prepare_seconds,
        "inner_eval": counts.evaluate_seconds,
    }
    yield summary(
        "prometheus_engine_query_duration_seconds",
        "Seconds of queries, by part.",
        "slice",
        {name: Lengths(counts.total, seconds) for name, seconds in slices.items()},
    )
    yield summary(
        f"{_T}interval_length_seconds", "Seconds between scrapes, by interval.", "interval", scrapes.intervals
    )
    yield summary(f"{_T}sync_length_seconds", "Seconds of taking over targets.", "scrape_job", scrapes.syncs)
    for name, text, found in (
        (
            "prometheus_http_request_duration_seconds",
            "Seconds of HTTP requests, by handler.",
            http.seconds,
        ),
        ("prometheus_http_response_size_bytes", "Bytes of HTTP answers, by handler.", http.bytes_sent),
    ):
        yield histogram_family(name, text, "handler", found)
