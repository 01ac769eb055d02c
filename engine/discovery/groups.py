"""What discovery finds, and what finds it.

A source of targets tells whole groups, each under a name of its own: a group that is told again replaces the
older one of that name, and one without targets takes it away. Whoever listens gathers and spaces the news; a
source tells what it knows as soon as it knows it, the first time even that there are no groups.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from typing import Protocol, TypeAlias

from msgspec import Struct

from promql.model.labels import EMPTY, Labels


class TargetGroup(Struct, frozen=True):
    """Targets that share labels; a target's own label wins over the group's. `source` names the group."""

    source: str
    targets: tuple[Labels, ...]
    labels: Labels = EMPTY


Publish: TypeAlias = Callable[[Sequence[TargetGroup]], None]
"""Takes the groups that are new or have changed; returns at once."""


class Discovery(Protocol):
    """One source of targets."""

    async def run(self, publish: Publish) -> None:
        """Tell groups until cancelled, or until there will be no more."""


class GroupTable:
    """The groups that are in force, of sources that have a name each, in the order in which they were first told."""

    def __init__(self) -> None:
        self._groups: dict[tuple[str, str], TargetGroup] = {}

    def __iter__(self) -> Iterator[TargetGroup]:
        return iter(self._groups.values())

    def __len__(self) -> int:
        return len(self._groups)

    def put(self, name: str, groups: Sequence[TargetGroup]) -> None:
        """What this source tells."""
        for group in groups:
            if group.targets:
                self._groups[name, group.source] = group
            else:
                self._groups.pop((name, group.source), None)

    def forget(self, names: Collection[str]) -> None:
        """All that these sources told."""
        self._groups = {place: group for place, group in self._groups.items() if place[0] not in names}
