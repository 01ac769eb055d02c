"""Waits that end early, on a Clock."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, Generic, TypeVar

from engine.foundation.clock import MILLISECOND, Clock
from engine.foundation.errors import EngineError

T = TypeVar("T")


class DeadlineError(EngineError):
    """The work did not end in time and was cancelled."""


async def first_done(*waits: Coroutine[Any, Any, object]) -> None:
    """Run them side by side until one has ended, then cancel the others."""
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(wait) for wait in waits]
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in tasks:
            task.cancel()


async def before(clock: Clock, due: int, work: Coroutine[Any, Any, T]) -> T:
    """The work's result or its EngineError. Raises DeadlineError when the instant `due` (Unix ns) comes first."""
    outcome = _Outcome[T]()
    await first_done(outcome.run(work), clock.sleep_until(due / MILLISECOND))
    return outcome.get()


class _Outcome(Generic[T]):
    """Keeps an expected error out of the task group, which would wrap it."""

    def __init__(self) -> None:
        self._results: list[T] = []
        self._error: EngineError = DeadlineError("context deadline exceeded")

    async def run(self, work: Coroutine[Any, Any, T]) -> None:
        try:
            self._results.append(await work)
        except EngineError as error:
            self._error = error

    def get(self) -> T:
        if not self._results:
            raise self._error
        return self._results[0]
