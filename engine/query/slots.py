"""Places for queries: so many run at once, the others wait in line, each until its time is up."""

from __future__ import annotations

import asyncio
from collections import deque

from msgspec import Struct

from engine.foundation.clock import Clock
from promql.errors import QueryTimeoutError


class Place(Struct):
    """One of the places, while a block runs; as a class, since each query passes here and generators cost more."""

    slots: Slots
    seconds: float

    async def __aenter__(self) -> None:
        await self.slots.enter(self.seconds)

    async def __aexit__(self, *_: object) -> None:
        self.slots.leave()


class Slots:
    """Owned by one event loop. First come, first served."""

    def __init__(self, count: int, clock: Clock) -> None:
        self._free = count
        self._clock = clock
        self._line: deque[asyncio.Future[bool]] = deque()

    def one(self, seconds: float) -> Place:
        """A place for as long as a block runs. Raises QueryTimeoutError when none gets free in time."""
        return Place(self, seconds)

    async def enter(self, seconds: float) -> None:
        """Take a place, to `leave` it. Raises QueryTimeoutError."""
        if not (seconds > 0 and await self._get(seconds)):
            raise QueryTimeoutError("query timed out in query queue")

    async def _get(self, seconds: float) -> bool:
        if self._free:
            self._free -= 1
            return True
        place: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._line.append(place)
        try:
            async with asyncio.TaskGroup() as group:
                late = group.create_task(self._give_up(place, seconds))
                got = await place
                late.cancel()
        except asyncio.CancelledError:
            if not place.cancelled() and place.result():  # it was given to us, and we are gone
                self.leave()
            raise
        return got

    async def _give_up(self, place: asyncio.Future[bool], seconds: float) -> None:
        await self._clock.sleep(seconds)
        if not place.done():
            place.set_result(False)

    def leave(self) -> None:
        while self._line:
            place = self._line.popleft()
            if not place.done():
                place.set_result(True)
                return
        self._free += 1
