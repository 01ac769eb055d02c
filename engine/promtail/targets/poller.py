"""Looking at all files in turn: one loop for all targets.

A look takes a worker thread; what it finds is given to the clients before the next batch is read, so that positions
never run ahead of lines. How long the pause between two looks is depends on how long they take: a thousand busy files
are looked at less often, and each read gives more lines.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator
from typing import Final

from msgspec import Struct

from engine.foundation.clock import Clock
from engine.foundation.workers import Workers
from engine.promtail.batch import Batch
from engine.promtail.clients.outlet import Outlet
from engine.promtail.targets.tailing import BATCH_BYTES, Tailing

SHARE: Final = 16
"""The pause is so many times as long as a look took, within its limits."""

LONGEST_SECONDS: Final = 1.5
_MOST_STREAMS: Final = 1000

log = logging.getLogger(__name__)


class Pace(Struct, frozen=True):
    """Seconds: the pause between looks, full searches for files, and after which a line without end counts as one."""

    pause: float = 0.25
    longest: float = LONGEST_SECONDS
    search: float = 10.0
    unfinished: float | None = None


class Throttle:
    """`readline_rate`: while the lines of now are used up, nothing is read."""

    def __init__(self, rate: float, burst: int, clock: Clock) -> None:
        self._rate, self._burst, self._clock = rate, float(max(burst, 1)), clock
        self._left, self._at = self._burst, clock.monotonic()

    def admit(self, count: int) -> int:
        """How many of these lines may go on."""
        self._refill()
        admitted = min(count, max(int(self._left), 0))
        self._left -= admitted
        return admitted

    def spend(self, count: int) -> None:
        """So many were read, whether there was room or not."""
        self._refill()
        self._left -= count

    @property
    def pause(self) -> float:
        """Seconds until there is room again."""
        self._refill()
        return 0.0 if self._left >= 0 else -self._left / self._rate

    def _refill(self) -> None:
        now = self._clock.monotonic()
        self._left = min(self._burst, self._left + (now - self._at) * self._rate)
        self._at = now


class Poller:
    """Owns when files are read. `tailings` may be changed between two looks: `put` and `take_away` wait for that."""

    def __init__(self, clock: Clock, workers: Workers, outlet: Outlet, pace: Pace, throttle: Throttle | None) -> None:
        self.tailings: list[Tailing] = []
        self.outlet = outlet
        self.pace = pace
        self.looks = 0
        """How often all files were looked at."""
        self._clock = clock
        self._workers = workers
        self._throttle = throttle
        self._turn = asyncio.Lock()
        self._unsent: Batch | None = None  # what was read must not be lost where sending it fails
        self._found = Batch([], {})

    async def put(self, tailing: Tailing) -> None:
        async with self._turn:
            self.tailings.append(tailing)

    async def take_away(self, tailing: Tailing) -> None:
        async with self._turn:
            self.tailings.remove(tailing)
            tailing.close()

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            await self._clock.sleep(self._pause_after(await self.look()))

    def _pause_after(self, seconds: float) -> float:
        """After a look that took so long: none where a file holds more than is read at one go."""
        is_behind = any(tailing.target.behind for tailing in self.tailings)
        pause = 0.0 if is_behind else max(self.pace.pause, min(seconds * SHARE, self.pace.longest))
        return max(pause, self._throttle.pause if self._throttle is not None else 0.0)

    async def look(self) -> float:
        """Once at all files; the seconds that reading took."""
        spent = 0.0
        async with self._turn:
            batches = self._batches()
            while True:
                if self._unsent is None:
                    begun = self._clock.monotonic()
                    self._unsent = await self._workers.run(next, batches, None)
                    spent += self._clock.monotonic() - begun
                if self._unsent is None:
                    break
                await self.outlet.send(self._unsent)
                if self._throttle is not None:
                    self._throttle.spend(self._unsent.count)
                self._unsent = None
        self.looks += 1
        return spent

    async def search(self) -> None:
        """Look for files, without reading them."""
        async with self._turn:
            await self._workers.run(self._search)

    def _search(self) -> None:
        for tailing in self.tailings:
            tailing.target.search(self._clock.monotonic(), self.pace.search)

    async def close(self) -> None:
        async with self._turn:
            for tailing in self.tailings:
                tailing.close()
            self.tailings.clear()

    def _batches(self) -> Iterator[Batch]:
        """Of many targets in one: a thousand that have a line each are one batch."""
        size = 0
        for tailing in list(self.tailings):
            for batch in tailing.round(self.pace.search, self.pace.unfinished):
                self._found = self._found.with_more(batch)
                size += batch.size
                if size > BATCH_BYTES or len(self._found.streams) > _MOST_STREAMS:
                    yield self._taken()
                    size = 0
            if self._throttle is not None and self._throttle.pause > 0:
                self.tailings.append(self.tailings.pop(0))  # the next one comes first then
                break
        if self._found.streams or self._found.positions:
            yield self._taken()

    def _taken(self) -> Batch:
        found, self._found = self._found, Batch([], {})
        return found
