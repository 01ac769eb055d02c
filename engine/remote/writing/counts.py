"""What a queue has done: the numbers behind its metrics."""

from __future__ import annotations

from typing import Final

from msgspec import Struct, field

from exporters.histogram import Histogram

_BUCKETS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 25.0, 60.0, 120.0, 300.0)


class Tally(Struct):
    """What became of one kind of what is sent: how much went out, was refused of that for good, went out again, and
    was left out; and the bytes of its requests, packed.
    """

    total: int = 0
    failed: int = 0
    retried: int = 0
    dropped: int = 0
    bytes: int = 0


class Counts(Struct):
    """Owned by one queue. `seconds` are those of attempts, `highest_sent` is Unix ms."""

    samples: Tally = field(default_factory=Tally)
    exemplars: Tally = field(default_factory=Tally)
    metadata: Tally = field(default_factory=Tally)
    shards: int = 0
    desired: float = 0.0
    highest_sent: int = 0
    seconds: Histogram = field(default_factory=lambda: Histogram(_BUCKETS))

    @property
    def bytes(self) -> int:
        """Of samples and exemplars, without metadata."""
        return self.samples.bytes + self.exemplars.bytes
