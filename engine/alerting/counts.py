"""What the alerting side counts about itself; `metrics` shows it under the original's names."""

from __future__ import annotations

from collections import Counter
from typing import Final

from msgspec import Struct, field

LATENCY_BUCKETS: Final = (1.0, 5.0, 10.0, 15.0, 20.0)


class Histogram(Struct):
    """Observations by upper bound (not cumulated; the last slot is beyond all bounds), their sum and number."""

    slots: list[int] = field(default_factory=lambda: [0] * (len(LATENCY_BUCKETS) + 1))
    sum: float = 0.0

    def observe(self, seconds: float) -> None:
        slot = next((i for i, bound in enumerate(LATENCY_BUCKETS) if seconds <= bound), len(LATENCY_BUCKETS))
        self.slots[slot] += 1
        self.sum += seconds

    @property
    def count(self) -> int:
        return sum(self.slots)


class Durations(Struct):
    """How often something was done, and how long that took in all."""

    count: int = 0
    seconds: float = 0.0

    def add(self, seconds: float, count: int = 1) -> None:
        self.count += count
        self.seconds += seconds


class WorkCounts(Struct):
    """What the rest of the alerting side was busy with: forgetting what is old, and keeping files small."""

    dispatched: Durations = field(default_factory=Durations)
    silences_forgot: Durations = field(default_factory=Durations)
    silences_kept: Durations = field(default_factory=Durations)
    journal_forgot: Durations = field(default_factory=Durations)
    journal_kept: Durations = field(default_factory=Durations)


class NotificationCounts(Struct):
    """By kind of integration. A notification may take several requests."""

    notifications: Counter[str] = field(default_factory=Counter)
    notifications_failed: Counter[str] = field(default_factory=Counter)
    requests: Counter[str] = field(default_factory=Counter)
    requests_failed: Counter[str] = field(default_factory=Counter)
    latency: dict[str, Histogram] = field(default_factory=dict)
    journal_queries: int = 0

    def observe_latency(self, kind: str, seconds: float) -> None:
        self.latency.setdefault(kind, Histogram()).observe(seconds)


def _by_version() -> Counter[str]:
    return Counter(v1=0, v2=0)


class ReceivedCounts(Struct):
    """Alerts by status as they came in, each by the version of the API; `invalid` were refused."""

    firing: Counter[str] = field(default_factory=_by_version)
    resolved: Counter[str] = field(default_factory=_by_version)
    invalid: Counter[str] = field(default_factory=_by_version)
