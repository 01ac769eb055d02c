"""Lines of a source that is no file, through the stages of its job.

Where such a source can be asked again from some point on, it gives a position with its lines. A position is passed on
once stages hold none of the lines before it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from typing import Final

from engine.foundation.clock import Clock
from engine.promtail.batch import Batch, gathered
from engine.promtail.clients.outlet import Outlet
from engine.promtail.entry import Entry
from engine.promtail.stages.pipeline import Pipeline

LOOK_SECONDS: Final = 0.25


class Feed:
    """Of one job. `run` lets go what stages have held long enough."""

    def __init__(self, pipeline: Pipeline, outlet: Outlet, clock: Clock) -> None:
        self.outlet = outlet
        self._pipeline = pipeline
        self._clock = clock
        self._number = 0
        self._positions: deque[tuple[int, Mapping[str, str]]] = deque()
        self._last = 0

    def now(self) -> int:
        """The time of a line that has none of its own: no two have the same (Unix ns)."""
        self._last = max(self._clock.now_ns(), self._last + 1)
        return self._last

    async def take(self, entries: Sequence[Entry], positions: Mapping[str, str]) -> None:
        """Lines, and what holds once they are kept."""
        out: list[Entry] = []
        for entry in entries:
            self._number += 1
            entry.starts = (self._number,)
            out += self._pipeline.process(entry)
        if positions:
            self._positions.append((self._number, positions))
        await self._send(out)

    async def run(self) -> None:
        while True:
            await self._clock.sleep(LOOK_SECONDS)
            await self._send(self._pipeline.due())

    async def flush(self) -> None:
        """Nothing more will come."""
        await self._send(self._pipeline.flush())

    async def _send(self, entries: Sequence[Entry]) -> None:
        held = min((start for entry in self._pipeline.held() for start in entry.starts), default=self._number + 1)
        positions: dict[str, str] = {}
        while self._positions and self._positions[0][0] < held:
            positions.update(self._positions.popleft()[1])
        if entries or positions:
            await self.outlet.send(Batch(gathered(entries, self.outlet.labels), positions))
