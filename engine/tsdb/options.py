"""What can be set about a store."""

from __future__ import annotations

from msgspec import Struct

HOUR: int = 3_600_000


class StoreOptions(Struct, frozen=True):
    """Times in milliseconds, sizes in bytes; a retention of 0 keeps everything.

    `bounds_ms`: how far a sample may lie behind the newest one of the store (Prometheus: half a block, 1 h).
    `window_ms`: how far a sample may lie behind that and still be taken where its series has later ones; 0 takes none.
    `seal_rows`, `seal_samples`, `seal_cells`: how many rows, ragged samples, and rows times columns an open part holds
    before it is sealed (32 MB of a source of 100,000 series are enough to hold in memory); `seal_age_ms`: how far the
    store's newest sample may be ahead of an open part's oldest before it is sealed all the same, so that a slow
    source does not keep the log long. `segment_bytes`, `segment_ms`: how much, and samples of how long, a segment of
    the log holds before the next one is begun. `log_compression`: long records of the log are deflated where that makes
    them smaller. `held_bytes`: so much of the log is kept for those who follow it and are behind, and no more than half
    of `retention_bytes`. `max_exemplars`: how many of these are kept, of all series together.
    """

    retention_ms: int = 15 * 24 * HOUR
    retention_bytes: int = 0
    bounds_ms: int = HOUR
    window_ms: int = 0
    seal_rows: int = 120
    seal_samples: int = 65_536
    seal_cells: int = 1 << 22
    seal_age_ms: int = 2 * HOUR
    held_bytes: int = 1 << 30
    segment_bytes: int = 128 << 20
    segment_ms: int = HOUR // 2
    log_compression: bool = True
    sync_ms: int = 5_000
    max_exemplars: int = 0
    cache_bytes: int = 64 << 20
