"""Who is due when: one heap and one waiter for all, where a task for each with its timers took 8 kB."""

from __future__ import annotations

import asyncio
import heapq
from itertools import count
from typing import Generic, TypeVar

from engine.alerting.dispatch.waiting import first_done
from engine.foundation.clock import MILLISECOND, Clock

T = TypeVar("T")


class Turns(Generic[T]):
    """Instants (Unix ns) and whose they are; one may be added that comes before all others."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._heap: list[tuple[int, int, T]] = []
        self._order = count()
        self._sooner = asyncio.Event()

    def add(self, due: int, whose: T) -> None:
        entry = (due, next(self._order), whose)
        heapq.heappush(self._heap, entry)
        if self._heap[0] is entry:
            self._sooner.set()

    async def next(self) -> tuple[int, T]:
        """The earliest, once it is due; those of one instant come as they were added."""
        while not self._heap or self._heap[0][0] > self._clock.now_ns():
            self._sooner.clear()
            if self._heap:
                await first_done(self._sooner.wait(), self._clock.sleep_until(self._heap[0][0] / MILLISECOND))
            else:
                await self._sooner.wait()
        due, _, whose = heapq.heappop(self._heap)
        return due, whose
