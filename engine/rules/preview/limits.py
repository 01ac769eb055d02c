"""Episodes under a group's limit: an instant at which more alerts are active drops all of them, and they begin anew.

Law: as the group itself would go, instant by instant (a test holds it to that), at a price that grows with the instants
and not with how often the limit is reached.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from engine.rules.preview.episodes import Episode, episodes
from engine.rules.states import Timing
from promql.model.types import BoolArray, IntArray


def limited(times: IntArray, present: BoolArray, timing: Timing, limit: int) -> tuple[list[Episode], list[int]]:
    """Episodes, and how many alerts there were wherever they were more than `limit` (0 for none)."""
    if limit <= 0:
        return episodes(times, present, timing), []
    if timing.keep_firing > 0:
        steps = _Steps(times, timing, limit, len(present))
        found = [one for at in range(len(times)) for one in steps.take(at, present[:, at])]
        return [*found, *steps.lasting()], steps.dropped
    counts = present.sum(axis=0)  # what is there is active, and nothing else
    return episodes(times, present & (counts <= limit), timing), counts[counts > limit].tolist()


class _Steps:
    """All alerts, instant by instant, since what is kept firing counts too. `-1` is never."""

    def __init__(self, times: IntArray, timing: Timing, limit: int, count: int) -> None:
        self.dropped: list[int] = []
        self._times, self._timing, self._limit = times, timing, limit
        self._start, self._fired, self._gone = (np.full(count, -1) for _ in range(3))

    def take(self, at: int, here: BoolArray) -> Iterator[Episode]:
        """The episodes that end at this instant."""
        time, start, fired, gone = self._times[at], self._start, self._fired, self._gone
        start[here & (start < 0)] = at
        gone[here] = -1
        fired[here & (fired < 0) & (time - self._times[start] >= self._timing.hold)] = at
        firing = fired >= 0
        gone[~here & firing & (gone < 0)] = at
        kept = firing & (time - self._times[gone] < self._timing.keep_firing)
        yield from self._end((start >= 0) & ~here & ~kept, at)
        active = start >= 0
        count = int(active.sum())
        if count > self._limit:
            self.dropped.append(count)
            fired[fired == at] = -1
            yield from self._end(active, at)

    def lasting(self) -> Iterator[Episode]:
        """Those that are active at the end."""
        for row in np.flatnonzero(self._start >= 0).tolist():
            yield self._episode(row, None)

    def _end(self, which: BoolArray, at: int) -> Iterator[Episode]:
        for row in np.flatnonzero(which & (self._start < at)).tolist():
            yield self._episode(row, at)
        for state in (self._start, self._fired, self._gone):
            state[which] = -1

    def _episode(self, row: int, end: int | None) -> Episode:
        fired = int(self._fired[row])
        return Episode(row, int(self._start[row]), fired if fired >= 0 else None, end)
