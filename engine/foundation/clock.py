"""Time as a value that is passed in.

Law: nothing else in the project asks the operating system what time it is, or sleeps. A test hands in
`engine.testing.ManualClock` and moves an hour in a millisecond.
"""

from __future__ import annotations

import asyncio
import time
from typing import Final, Protocol

MILLISECOND: Final = 1_000_000
SECOND: Final = 1_000_000_000


class Clock(Protocol):
    """Wall time, elapsed time, and the only ways to wait."""

    def now_ns(self) -> int:
        """Unix time in nanoseconds."""

    def now_ms(self) -> int:
        """Unix time in milliseconds, the store's unit."""

    def monotonic(self) -> float:
        """Seconds from some fixed point; never goes back."""

    async def sleep(self, seconds: float) -> None:
        """Wait; zero or less lets others run once."""

    async def sleep_until(self, unix_ms: float) -> None:
        """Wait until that Unix time; return at once if it is past."""


class SystemClock:
    """The operating system's clock."""

    def now_ns(self) -> int:
        return time.time_ns()

    def now_ms(self) -> int:
        return time.time_ns() // MILLISECOND

    def monotonic(self) -> float:
        return time.monotonic()  # noqa: TID251 - this is the one place

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(max(seconds, 0.0))  # noqa: TID251 - this is the one place

    async def sleep_until(self, unix_ms: float) -> None:
        # Wall time may be set while we wait, so the rest is measured again in steps of at most a minute.
        while (rest := unix_ms / 1000 - time.time_ns() / SECOND) > 0:
            await self.sleep(min(rest, 60.0))
