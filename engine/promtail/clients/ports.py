"""What a client is."""

from __future__ import annotations

from typing import Protocol

from engine.promtail.batch import Batch
from engine.promtail.counts import SentCounts


class Client(Protocol):
    """Takes batches in the order in which they come."""

    @property
    def name(self) -> str: ...

    @property
    def place(self) -> str:
        """Where it leads, for people; without secrets."""

    @property
    def counts(self) -> SentCounts: ...

    async def send(self, batch: Batch) -> None:
        """Take a batch, at the latest when there is room. Whoever gives it may go on then."""

    async def close(self) -> None:
        """Send what waits, within a few seconds, and end."""
