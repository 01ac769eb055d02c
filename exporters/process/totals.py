"""Counters of groups that never fall, though the processes in them come and go."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Mapping
from typing import Generic, TypeVar

from exporters.process.reading import Counts

Who = TypeVar("Who", bound=Hashable)
Group = TypeVar("Group", bound=Hashable)


class Totals(Generic[Who, Group]):
    """The counts of all that were ever seen in a group: of those that run as they are, of others as they were last."""

    def __init__(self) -> None:
        self._last: Mapping[Who, tuple[Group, Counts]] = {}
        self._ended: dict[Group, Counts] = {}

    def update(self, now: Mapping[Who, tuple[Group, Counts]]) -> dict[Group, Counts]:
        """`now` is who runs, to group and counts; the totals by group, of groups too in which nobody runs any more."""
        for who, (group, counts) in self._last.items():
            if who not in now or now[who][0] != group:
                self._ended[group] = self._ended.get(group, Counts()).plus(counts)
        self._last = now
        sums = dict(self._ended)
        for group, counts in now.values():
            sums[group] = sums.get(group, Counts()).plus(counts)
        return sums

    def forget(self, groups: Collection[Group]) -> None:
        """All but these."""
        self._ended = {group: counts for group, counts in self._ended.items() if group in groups}
