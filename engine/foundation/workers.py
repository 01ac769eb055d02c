"""Threads for work that would hold the event loop: parsing large pages, wide queries, sealing.

Two of them, because numpy, zlib and the regular expressions release the interpreter lock, and more than
two made the event loop late (8 busy threads: 111 ms at p99).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, Protocol, TypeVar

P = ParamSpec("P")
R = TypeVar("R")


class Workers(Protocol):
    """Somewhere to run a pure function away from the event loop."""

    async def run(self, function: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs) -> R:
        """The function's result; its exception passes through."""

    def close(self) -> None:
        """Wait for what runs, also for what nobody waits for any more; nothing new is begun."""


class ThreadWorkers:
    """Worker threads of this process."""

    def __init__(self, threads: int = 2) -> None:
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="worker")

    async def run(self, function: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs) -> R:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._pool, lambda: function(*args, **kwargs))

    def close(self) -> None:
        self._pool.shutdown(wait=True, cancel_futures=True)


class InlineWorkers:
    """Runs at once on the caller's thread: for tests on the manual clock, where order must not vary."""

    async def run(self, function: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs) -> R:
        return function(*args, **kwargs)

    def close(self) -> None:
        """Nothing to end."""
