"""What HTTP requests are counted by: Prometheus's three families, with its bounds."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from typing import Final

SECONDS: Final = (0.1, 0.2, 0.4, 1.0, 3.0, 8.0, 20.0, 60.0, 120.0)
BYTES: Final = tuple(10.0**power for power in range(2, 10))


class Histogram:
    """Counts by upper bound; the last count is of what lies beyond all bounds."""

    __slots__ = ("_bounds", "_counts", "total")

    def __init__(self, bounds: Sequence[float]) -> None:
        self._bounds = bounds
        self._counts = [0] * (len(bounds) + 1)
        self.total = 0.0

    def observe(self, value: float) -> None:
        self._counts[bisect_left(self._bounds, value)] += 1
        self.total += value

    @property
    def count(self) -> int:
        return sum(self._counts)

    def buckets(self) -> Iterator[tuple[float, int]]:
        """(upper bound, how many are not above it), the infinite one last."""
        return zip((*self._bounds, float("inf")), accumulate(self._counts), strict=True)


@dataclass(slots=True)
class HttpCounts:
    """Requests by (handler, status code); seconds and bytes of answers by handler. A handler is a path's pattern."""

    requests: dict[tuple[str, int], int] = field(default_factory=dict)
    seconds: dict[str, Histogram] = field(default_factory=dict)
    bytes_sent: dict[str, Histogram] = field(default_factory=dict)

    def add(self, handler: str, status: int, seconds: float, size: int) -> None:
        self.requests[handler, status] = self.requests.get((handler, status), 0) + 1
        self.seconds.setdefault(handler, Histogram(SECONDS)).observe(seconds)
        self.bytes_sent.setdefault(handler, Histogram(BYTES)).observe(size)
