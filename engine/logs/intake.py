"""From pushes to the store: judged, measured against the tenant's limits, kept.

A push is taken as far as it is good; what is refused is told at the end, by an error of which nothing else follows.
Only a push that exceeds the tenant's rate is refused whole.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from threading import Lock
from typing import Final

import numpy as np

from engine.foundation.clock import Clock
from engine.logql.lines import StreamLines
from engine.logs.config.limits import MIB, Limits
from engine.logs.config.sizes import ByteSize
from engine.logs.counts import PushCounts
from engine.logs.errors import PushRefusedError
from engine.logs.push.rates import Bucket
from engine.logs.push.runs import go_time, run_of
from engine.logs.push.validation import MOST_TOLD, TOO_MANY, Judge, Refusals, kept, without_duplicates
from engine.logs.store.head import Run
from engine.logs.store.segment import Named
from engine.logs.store.store import LogStore
from promql.model.labels import Labels

_MOST_RATES: Final = 100_000
_STREAM_LIMIT: Final = (
    "Maximum active stream limit exceeded, reduce the number of active streams (reduce labels or reduce label values),"
    " or contact your Loki administrator to see if the limit can be increased"
)


class Intake:
    """A LogSink (`engine.logql.lines`). `limits` are those of a tenant; `window` is how many ns a line may be late."""

    def __init__(
        self, store: LogStore, clock: Clock, limits: Callable[[str], Limits], window: Callable[[], int]
    ) -> None:
        self.store = store
        self.counts = PushCounts()
        self._clock = clock
        self._limits = limits
        self._window = window
        self._rates: dict[str, Bucket] = {}
        self._stream_rates: dict[tuple[str, Labels], Bucket] = {}
        self._lock = Lock()

    def push(self, tenant: str, streams: Sequence[StreamLines], positions: Mapping[str, str] | None = None) -> None:
        self.take(tenant, [(one.labels, run_of(one)) for one in streams], positions or {})

    def positions(self) -> Mapping[str, str]:
        return self.store.positions()

    def take(self, tenant: str, runs: Sequence[tuple[Labels, Run]], positions: Mapping[str, str]) -> None:
        """One push at a time, from whatever thread. Raises PushRefusedError, DiskFullError, DiskError."""
        with self._lock:
            refusals = self._take(tenant, runs, positions)
        if refusals.status:
            raise PushRefusedError(refusals.status, refusals.text)

    def _take(self, tenant: str, runs: Sequence[tuple[Labels, Run]], positions: Mapping[str, str]) -> Refusals:
        now, refusals, limits = self._clock.now_ns(), Refusals(), self._limits(tenant)
        judge = Judge(tenant, limits, now, refusals)
        good = self._judged(tenant, runs, judge, limits)
        taken: list[tuple[Named, Run]] = []
        if self._within_rate(tenant, good, limits, refusals):
            taken = list(self._taken(tenant, good, judge, limits, refusals))
        if taken or positions:
            self.store.append(taken, positions, now)
        self.counts.appends[tenant] += 1
        self.counts.refused_lines += refusals.lines
        self.counts.refused_bytes += refusals.bytes
        return refusals

    def _judged(
        self, tenant: str, runs: Sequence[tuple[Labels, Run]], judge: Judge, limits: Limits
    ) -> list[tuple[Labels, Run]]:
        good: list[tuple[Labels, Run]] = []
        for labels, run in runs:
            if not len(run):
                continue
            self.counts.lines[tenant] += len(run)
            self.counts.bytes[tenant] += len(run.text) - len(run)
            left = judge.lines(labels, run) if judge.labels(labels, run) else None
            if left is not None:
                good.append((labels, without_duplicates(left) if limits.increment_duplicate_timestamp else left))
        return good

    def _within_rate(self, tenant: str, runs: Sequence[tuple[Labels, Run]], limits: Limits, refusals: Refusals) -> bool:
        """Whether the tenant may push so much at once."""
        lines = sum(len(run) for _, run in runs)
        size = sum(len(run.text) for _, run in runs) - lines
        rate, burst = limits.ingestion_rate_mb * MIB, limits.ingestion_burst_size_mb * MIB
        if self._rates.setdefault(tenant, Bucket()).take(size, self._clock.monotonic(), rate, burst):
            return True
        text = (
            f"Ingestion rate limit exceeded for user {tenant} (limit: {int(rate)} bytes/sec) while attempting to ingest"
            f" '{lines}' lines totaling '{size}' bytes, reduce log volume or contact your Loki administrator to see if"
            " the limit can be increased"
        )
        for _, run in runs:
            refusals.add(tenant, "rate_limited", run.sizes, TOO_MANY, text)
        return False

    def _taken(
        self, tenant: str, runs: Sequence[tuple[Labels, Run]], judge: Judge, limits: Limits, refusals: Refusals
    ) -> Iterator[tuple[Named, Run]]:
        """What their streams may take of them."""
        catalog = self.store.catalog
        active, opened = catalog.active(tenant), set[Labels]()
        for labels, run in runs:
            named = Named(tenant, labels)
            stream = catalog.find(named)
            if (stream is None or stream.number not in active) and labels not in opened:
                if 0 < limits.streams <= len(active) + len(opened):
                    refusals.add(tenant, "stream_limit", run.sizes, TOO_MANY, _STREAM_LIMIT)
                    continue
                opened.add(labels)
            slow = self._slowed(tenant, labels, run, limits, refusals)
            window = self._window() if limits.unordered_writes else 0
            left = slow and judge.behind(labels, slow, None if stream is None else stream.highest, window)
            if left is not None:
                yield named, left

    def _slowed(self, tenant: str, labels: Labels, run: Run, limits: Limits, refusals: Refusals) -> Run | None:
        """What the stream's own rate lets through, line by line where not all."""
        rate, burst, now = limits.per_stream_rate_limit, limits.per_stream_rate_limit_burst, self._clock.monotonic()
        if not rate:
            return run
        bucket = self._stream_rate(tenant, labels)
        if bucket.take(len(run.text) - len(run), now, rate, burst):
            return run
        fine = np.fromiter((bucket.take(size, now, rate, burst) for size in run.sizes), np.bool_, len(run))
        rows = np.flatnonzero(~fine)
        told = [
            f"entry with timestamp {go_time(run.times[row])} ignored, reason: '{_stream_rate_text(rate, labels, size)}'"
            f" for stream: {labels},\n"
            for row in rows[:MOST_TOLD].tolist()
            if (size := run.sizes[row]) is not None
        ]
        text = "".join(told) + f"total ignored: {len(rows)} out of {len(run)}"
        sizes = [run.sizes[row] for row in rows.tolist()]
        refusals.add(tenant, "per_stream_rate_limit", sizes, TOO_MANY, text)
        return kept(run, fine)

    def _stream_rate(self, tenant: str, labels: Labels) -> Bucket:
        if len(self._stream_rates) > _MOST_RATES:
            self._stream_rates.clear()  # each has filled up again long since, unless it is used right now
        return self._stream_rates.setdefault((tenant, labels), Bucket())


def _stream_rate_text(limit: int, labels: Labels, size: int) -> str:
    return (
        f"Per stream rate limit exceeded (limit: {ByteSize(limit)}/sec) while attempting to ingest for stream"
        f" '{labels}' totaling {ByteSize(size)}, consider splitting a stream via additional labels or contact your Loki"
        " administrator to see if the limit can be increased"
    )
