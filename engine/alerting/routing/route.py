"""The route tree: which receivers hear of an alert, and with which others it is told together.

The key of a route is the path of its matchers; with a group's labels it names the group in the journal and towards
receivers, so its form is part of the protocol. Two siblings with equal matchers have one key, as in the original.
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from promql.model.labels import Labels, quote
from promql.model.matchers import Matcher, match_all


class Route(Struct, frozen=True):
    """One node. Intervals in ns. `place` is the node's path of child indices, unique where keys need not be."""

    receiver: str
    group_by: frozenset[str]
    group_all: bool
    group_wait: int
    group_interval: int
    repeat_interval: int
    matchers: tuple[Matcher, ...]
    continues: bool
    mute_intervals: tuple[str, ...]
    active_intervals: tuple[str, ...]
    key: str
    place: tuple[int, ...]
    children: tuple[Route, ...]

    def walk(self) -> Iterator[Route]:
        yield self
        for child in self.children:
            yield from child.walk()

    def match(self, labels: Labels) -> list[Route]:
        """The nodes that tell of an alert, in order; empty where this node does not match."""
        if not match_all(self.matchers, labels):
            return []
        found: list[Route] = []
        for child in self.children:
            below = child.match(labels)
            found += below
            if below and not child.continues:
                break
        return found or [self]

    def group_labels(self, labels: Labels) -> Labels:
        return labels if self.group_all else labels.keep(self.group_by)

    def group_key(self, group_labels: Labels) -> str:
        # Sorted by the printed text, which is not always the order of the names.
        return f"{self.key}:{{{', '.join(sorted(f'{n}={quote(v)}' for n, v in group_labels))}}}"
