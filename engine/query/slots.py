"""Places for queries: so many run at once, the others wait in line, each until its time is up."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from engine.foundation.clock import Clock
from promql.errors import QueryTimeoutError


class Slots:
    """Owned by one event loop. First come, first served."""

    def __init__(self, count: int, clock: Clock) -> None:
        self._free = count
        self._clock = clock
        self._line: deque[asyncio.Future[bool]] = deque()

    @asynccontextmanager
    async def one(self, seconds: float) -> AsyncIterator[None]:
        """A place for as long as the block runs. Raises QueryTimeoutError when none gets free in time."""
        if not (seconds > 0 and await self._get(seconds)):
            raise QueryTimeoutError("query timed out in query queue")
        try:
            yield
        finally:
            self._leave()

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
                self._leave()
            raise
        return got

    async def _give_up(self, place: asyncio.Future[bool], seconds: float) -> None:
        await self._clock.sleep(seconds)
        if not place.done():
            place.set_result(False)

    def _leave(self) -> None:
        while self._line:
            place = self._line.popleft()
            if not place.done():
                place.set_result(True)
                return
        self._free += 1
