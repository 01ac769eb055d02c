"""What refers to what: whose targets have to be made again when a pod, a node or a service changes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeAlias

Link: TypeAlias = tuple[str, str]
"""A kind and a key: `("pod", "shop/web-1")`."""


class Links:
    """From what is referred to, to the keys of those that do."""

    def __init__(self) -> None:
        self._by_link: dict[Link, set[str]] = {}

    def move(self, key: str, before: Iterable[Link], after: Iterable[Link]) -> None:
        """`key` referred to `before`, and now to `after`."""
        for link in before:
            left = self._by_link.get(link, set())
            left.discard(key)
            if not left:
                self._by_link.pop(link, None)
        for link in after:
            self._by_link.setdefault(link, set()).add(key)

    def to(self, kind: str, key: str) -> frozenset[str]:
        """Those that refer to it."""
        return frozenset(self._by_link.get((kind, key), ()))
