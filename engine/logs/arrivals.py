"""Lines as they come, for whoever follows them."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from threading import Lock
from typing import Final, NamedTuple

from engine.logql.lines import Block
from engine.logs.deletion import Part
from engine.logs.store.head import Run
from engine.logs.store.lines import in_order
from engine.logs.store.segment import Named
from promql.model.labels import Labels
from promql.model.matchers import Matcher, match_all

MOST: Final = 32 << 20
"""Bytes of text that wait; beyond that the oldest runs go, and their times alone are kept."""
MOST_TOLD: Final = 1000
"""Lines that went so and are told."""


class Lost(NamedTuple):
    """A line that nobody took in time (Unix ns)."""

    time: int
    labels: Labels


class Arrivals:
    """What comes to the streams of one tenant that match, from now on. Threads may note and take at once."""

    def __init__(self, tenant: str, matchers: Sequence[Matcher], end: Callable[[Arrivals], None]) -> None:
        self._tenant = tenant
        self._matchers = matchers
        self._end = end
        self._waiting: deque[tuple[Labels, Run]] = deque()
        self._bytes = 0
        self._lock = Lock()
        self._lost: deque[Lost] = deque(maxlen=MOST_TOLD)

    def note(self, named: Named, run: Run) -> None:
        if named.tenant != self._tenant or not match_all(self._matchers, named.labels):
            return
        with self._lock:
            self._waiting.append((named.labels, run))
            self._bytes += len(run.text)
            while self._bytes > MOST and len(self._waiting) > 1:
                labels, oldest = self._waiting.popleft()
                self._bytes -= len(oldest.text)
                self._lost.extend(Lost(time, labels) for time in oldest.times[-MOST_TOLD:])

    def take(self) -> tuple[list[Block], list[Lost]]:
        """Blocks, one a run, in the order of arrival, since it was last asked; and what was lost since."""
        with self._lock:
            waiting, lost = list(self._waiting), list(self._lost)
            self._waiting.clear()
            self._lost.clear()
            self._bytes = 0
        return [Part(labels, in_order(run.lines())) for labels, run in waiting], lost

    def close(self) -> None:
        self._end(self)
