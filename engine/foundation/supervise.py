"""Tasks with a parent.

An unexpected error ends only the loop in which it rose: it is counted, logged with its traceback and shown,
and the loop is started again after a pause. A `StoreError` is the exception: where disk and index disagree,
going on would lose more, so it ends the process.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Final

from engine.foundation.clock import Clock
from engine.foundation.errors import StoreError

RESTART_AFTER_SECONDS: Final = 1.0

log = logging.getLogger(__name__)


class Supervisor:
    """Owns loops: starts them, restarts a broken one, ends them all together.

    `crashes` counts unexpected errors by loop name; `fatal` resolves with the error that must end the process.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._tasks: set[asyncio.Task[None]] = set()
        self.crashes: dict[str, int] = {}
        self.fatal: asyncio.Future[StoreError] = asyncio.get_running_loop().create_future()

    def start(self, name: str, loop: Callable[[], Awaitable[None]]) -> asyncio.Task[None]:
        """Run `loop()` until it returns; start it again when it raises."""
        task = asyncio.create_task(self._keep(name, loop), name=name)  # noqa: TID251 - this is the one place
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def _keep(self, name: str, loop: Callable[[], Awaitable[None]]) -> None:
        while True:
            try:
                await loop()
            except StoreError as error:
                if not self.fatal.done():
                    self.fatal.set_result(error)
                return
            except Exception:
                self.crashes[name] = self.crashes.get(name, 0) + 1
                log.exception("the loop %s failed and is started again", name)
                await self._clock.sleep(RESTART_AFTER_SECONDS)
            else:
                return

    async def stop(self, *tasks: asyncio.Task[None]) -> None:
        """Cancel these loops and wait until they have ended."""
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def stop_all(self) -> None:
        """Likewise with every loop that runs."""
        await self.stop(*self._tasks)
