"""The last probes, so that somebody can look at why one failed: failures are kept longer than successes."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator

from msgspec import Struct

from exporters.blackbox.config.document import Module
from exporters.blackbox.told import Told


class Result(Struct, frozen=True):
    """One probe that has ended."""

    number: int
    name: str
    target: str
    module: Module
    told: Told
    success: bool


class History:
    """The last `limit` probes, and as many failures from before those."""

    def __init__(self, limit: int = 100) -> None:
        self._next = 0
        self._limit = limit
        self._recent: deque[Result] = deque()
        self._failed: deque[Result] = deque(maxlen=limit)

    def __iter__(self) -> Iterator[Result]:
        """The oldest first."""
        return iter((*self._failed, *self._recent))

    def add(self, name: str, target: str, module: Module, told: Told, *, success: bool) -> None:
        self._recent.append(Result(self._next, name, target, module, told, success))
        self._next += 1
        if len(self._recent) > self._limit:
            oldest = self._recent.popleft()
            if not oldest.success:
                self._failed.append(oldest)

    def get(self, number: int) -> Result | None:
        return next((result for result in self if result.number == number), None)
