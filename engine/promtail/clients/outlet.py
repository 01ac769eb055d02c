"""All clients as one: every line goes to each of them. A client that has no room holds the others up, as it must: what
it has not got is nowhere else.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from engine.logql.lines import StreamLines
from engine.promtail.batch import Batch, LabelLimits
from engine.promtail.clients.ports import Client
from engine.promtail.counts import Counts
from promql.model.labels import Labels

STREAM_LIMITED: Final = "stream_limited"
_FORGET_SECONDS: Final = 600.0


class StreamLimit:
    """At most so many streams at once; a stream that was quiet for ten minutes counts no longer. 0 is no limit."""

    def __init__(self, most: int, monotonic: Callable[[], float]) -> None:
        self._most = most
        self._monotonic = monotonic
        self._seen: dict[Labels, float] = {}

    def admits(self, labels: Labels) -> bool:
        if not self._most:
            return True
        now = self._monotonic()
        if labels not in self._seen and len(self._seen) >= self._most:
            self._seen = {one: at for one, at in self._seen.items() if now - at < _FORGET_SECONDS}
            if len(self._seen) >= self._most:
                return False
        self._seen[labels] = now
        return True


class Outlet:
    """What sources give their lines to."""

    def __init__(self, clients: Sequence[Client], streams: StreamLimit, labels: LabelLimits, counts: Counts) -> None:
        self.clients = clients
        self.labels = labels
        self._streams = streams
        self._counts = counts

    async def send(self, batch: Batch) -> None:
        """Returns when every client has taken it. Those that keep positions with lines come last."""
        kept = [one for one in batch.streams if self._admits(one[1])]
        whole = batch if len(kept) == len(batch.streams) else Batch(kept, batch.positions)
        for client in self.clients:
            await client.send(whole)

    def _admits(self, lines: StreamLines) -> bool:
        if self._streams.admits(lines.labels):
            return True
        self._counts.pipeline.dropped[STREAM_LIMITED] += len(lines.lines)
        return False
