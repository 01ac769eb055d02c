"""What discovery finds, and what finds it.

A source of targets tells whole groups, each under a name of its own: a group that is told again replaces the
older one of that name, and one without targets takes it away. Whoever listens gathers and spaces the news; a
source tells what it knows as soon as it knows it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeAlias

from promql.model.labels import EMPTY, Labels


@dataclass(frozen=True, slots=True)
class TargetGroup:
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
