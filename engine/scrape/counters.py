"""What scraping counts for the page about ourselves; plain numbers that the application reads."""

from __future__ import annotations

from msgspec import Struct, field

from engine.foundation.lengths import Lengths


class ScrapeCounters(Struct):
    """Since the start. `intervals` are by interval as written, `syncs` and `sync_failures` by job."""

    scrapes: int = 0
    duplicates: int = 0
    out_of_order: int = 0
    out_of_bounds: int = 0
    exemplars_out_of_order: int = 0
    exceeded_sample_limit: int = 0
    exceeded_body_size_limit: int = 0
    exceeded_label_limits: int = 0
    exceeded_target_limit: int = 0
    cache_flushes: int = 0
    pool_reloads: int = 0
    intervals: dict[str, Lengths] = field(default_factory=dict)
    syncs: dict[str, Lengths] = field(default_factory=dict)
    sync_failures: dict[str, int] = field(default_factory=dict)
