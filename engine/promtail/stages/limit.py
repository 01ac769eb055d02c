"""The limit stage: so many lines a second; the others are dropped, or wait."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from typing import Annotated, Final

import msgspec

from engine.foundation.decode import Report
from engine.promtail.entry import Entry
from engine.promtail.stages.stage import Parts, Stage

REASON: Final = "ratelimited"
_SECOND: Final = 1_000_000_000


class LimitConfig(msgspec.Struct, frozen=True, kw_only=True):
    """`rate` in lines a second; with `by_label_name` for each value of this label on its own."""

    rate: float = 0.0
    burst: int = 0
    drop: bool = False
    by_label_name: str = ""
    max_distinct_labels: Annotated[int, msgspec.Meta(ge=0)] = 10_000

    def check(self, report: Report) -> None:
        if self.rate <= 0 or self.burst <= 0:
            report.error("limit stage failed to parse rate or burst: both must be above 0", "rate")
        if self.by_label_name and not self.drop:
            report.error("When ratelimiting by label, drop must be true", "drop")


class Bucket:
    """Tokens that come back with time."""

    def __init__(self, rate: float, burst: int, now: int) -> None:
        self._rate, self._burst = rate, burst
        self._tokens, self._at = float(burst), now

    def take(self, now: int) -> bool:
        self._tokens = min(self._burst, self._tokens + max(now - self._at, 0) / _SECOND * self._rate)
        self._at = now
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True


class Limit(Stage):
    def __init__(self, config: LimitConfig, parts: Parts) -> None:
        self._config = config
        self._parts = parts
        self._buckets: dict[str, Bucket] = {}
        self._waiting: deque[Entry] = deque()

    def process(self, entry: Entry) -> Sequence[Entry]:
        config, now = self._config, self._parts.now()
        if config.by_label_name and config.by_label_name not in entry.labels:
            return (entry,)
        if not self._waiting and self._bucket(entry, now).take(now):
            return (entry,)
        if config.drop:
            self._parts.counts.dropped[REASON] += 1
        else:
            self._waiting.append(entry)
        return ()

    def _bucket(self, entry: Entry, now: int) -> Bucket:
        key = entry.labels.get(self._config.by_label_name, "")
        bucket = self._buckets.get(key)
        if bucket is None:
            if len(self._buckets) > max(self._config.max_distinct_labels, 1):
                self._buckets.clear()  # as there: all begin anew
            bucket = self._buckets[key] = Bucket(self._config.rate, self._config.burst, now)
        return bucket

    def due(self) -> Sequence[Entry]:
        out: list[Entry] = []
        now = self._parts.now()
        while self._waiting and self._bucket(self._waiting[0], now).take(now):
            out.append(self._waiting.popleft())
        return out

    def flush(self) -> Sequence[Entry]:
        out = list(self._waiting)
        self._waiting.clear()
        return out

    def held(self) -> Iterable[Entry]:
        return self._waiting
