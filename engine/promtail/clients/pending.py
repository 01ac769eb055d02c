"""Lines that wait until there are enough of them, or until they have waited long enough: one request for each tenant.

`Acknowledged` tells how far everything is sent: positions of a batch hold once all requests that bear its lines, and
those of all batches before it, are done with.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping

from msgspec import Struct, field

from engine.logql.lines import StreamLines
from promql.model.labels import Labels


class Request(Struct):
    """What is sent at once, for one tenant: at least one line. `since` is the monotonic time of the first."""

    tenant: str
    since: float
    streams: dict[Labels, tuple[list[int], list[bytes], dict[int, Labels]]] = field(default_factory=dict)
    size: int = 0
    count: int = 0
    batches: set[int] = field(default_factory=set)

    def add(self, labels: Labels, time: int, line: bytes, metadata: Labels | None) -> None:
        times, lines, more = self.streams.setdefault(labels, ([], [], {}))
        if metadata is not None:
            more[len(lines)] = metadata
        times.append(time)
        lines.append(line)
        self.size += len(line)
        self.count += 1

    def lines(self) -> list[StreamLines]:
        return [StreamLines(labels, *parts) for labels, parts in self.streams.items()]


class Acknowledged:
    """Numbers batches, and gives back positions when they hold."""

    def __init__(self) -> None:
        self._number = 0
        self._waiting: deque[tuple[int, Mapping[str, str]]] = deque()
        self._open: dict[int, int] = {}

    def begin(self, positions: Mapping[str, str]) -> int:
        """A batch, which counts as borne by one request until `done` is called for it."""
        self._number += 1
        self._waiting.append((self._number, positions))
        self._open[self._number] = 1
        return self._number

    def bear(self, number: int) -> None:
        """One more request has lines of it."""
        self._open[number] += 1

    def done(self, number: int) -> dict[str, str]:
        """One less; gives the positions that hold now and did not before."""
        self._open[number] -= 1
        found: dict[str, str] = {}
        while self._waiting and not self._open[self._waiting[0][0]]:
            first, positions = self._waiting.popleft()
            del self._open[first]
            found.update(positions)
        return found
