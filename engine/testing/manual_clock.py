"""A clock that a test moves by hand."""

from __future__ import annotations

import asyncio
import heapq
import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

_SETTLE_ROUNDS: Final = 50  # turns of the loop after which woken tasks have reached their next wait


class ManualClock:
    """Starts at `start_ms` (Unix) and moves only by `advance`, which visits each due timer in its order.

    It stands still while somebody works who is not moved by it: a request to a real server, a thread.
    """

    def __init__(self, start_ms: int = 0) -> None:
        self._now_ns = start_ms * 1_000_000
        self._order = itertools.count()
        self._timers: list[tuple[int, int, asyncio.Future[None]]] = []
        self._working = 0
        self._idle = asyncio.Event()

    def now_ns(self) -> int:
        return self._now_ns

    def now_ms(self) -> int:
        return self._now_ns // 1_000_000

    def monotonic(self) -> float:
        return self._now_ns / 1e9

    async def sleep(self, seconds: float) -> None:
        await self._wait(self._now_ns + max(0, round(seconds * 1e9)))

    async def sleep_until(self, unix_ms: float) -> None:
        await self._wait(round(unix_ms * 1_000_000))

    async def _wait(self, due_ns: int) -> None:
        timer: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        if due_ns <= self._now_ns:
            due_ns = self._now_ns
            asyncio.get_running_loop().call_soon(_fire, timer)
        else:
            heapq.heappush(self._timers, (due_ns, next(self._order), timer))
        await timer

    async def advance(self, ms: float) -> None:
        """Move on by `ms`; every timer that falls due on the way fires at its own time."""
        end = self._now_ns + round(ms * 1_000_000)
        await self.settle()
        while self._timers and self._timers[0][0] <= end:
            due, _, timer = heapq.heappop(self._timers)
            if timer.done():
                continue
            self._now_ns = max(self._now_ns, due)
            _fire(timer)
            await self.settle()
        self._now_ns = end
        await self.settle()

    async def settle(self) -> None:
        """Let every task that can run do so, without moving time."""
        while True:
            for _ in range(_SETTLE_ROUNDS):
                await asyncio.sleep(0)  # noqa: TID251 - yields, waits for nothing
            if not self._working:
                return
            self._idle.clear()
            await self._idle.wait()

    @contextmanager
    def working(self) -> Iterator[None]:
        """Nobody's time goes on before the block has ended."""
        self._working += 1
        try:
            yield
        finally:
            self._working -= 1
            if not self._working:
                self._idle.set()


def _fire(timer: asyncio.Future[None]) -> None:
    if not timer.done():
        timer.set_result(None)
