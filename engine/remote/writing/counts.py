"""What a queue has done: the numbers behind its metrics."""

from __future__ import annotations

from typing import Final

from msgspec import Struct, field

from exporters.histogram import Histogram

_BUCKETS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 25.0, 60.0, 120.0, 300.0)


class Counts(Struct):
    """Owned by one queue. `seconds` are those of attempts, `highest_sent` is Unix ms."""

    samples: int = 0
    failed: int = 0
    retried: int = 0
    dropped: int = 0
    exemplars: int = 0
    exemplars_failed: int = 0
    exemplars_dropped: int = 0
    metadata: int = 0
    metadata_failed: int = 0
    bytes: int = 0
    shards: int = 0
    desired: float = 0.0
    highest_sent: int = 0
    seconds: Histogram = field(default_factory=lambda: Histogram(_BUCKETS))

    def attempt(self, seconds: float, size: int) -> None:
        self.bytes += size
        self.seconds.observe(seconds)
