"""What a target says of its metrics: types, helps, units; kept for a while after it stops saying so."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from msgspec import Struct

from exporters.exposition.page import Metadata

_KEPT_SCRAPES: Final = 10


class MetricMetadata(Struct, frozen=True):
    """One metric's, as the API tells it."""

    metric: str
    type: str
    help: str
    unit: str


class MetadataCache:
    """Owned by one target's loop; `note` each page, `settle` after each that was taken in."""

    def __init__(self) -> None:
        self._page: dict[str, Metadata] = {}
        self._known: dict[str, Metadata] = {}
        self._gone: dict[str, int] = {}
        self._scrapes = 0

    def note(self, page: dict[str, Metadata]) -> None:
        """Take in a page's comments. The same dict again means that nothing has changed."""
        if page is self._page:
            return
        for name in self._page.keys() - page.keys():
            self._gone.setdefault(name, self._scrapes)
        for name, said in page.items():
            self._gone.pop(name, None)
            self._known[name] = said.over(self._known.get(name, Metadata()))
        self._page = page

    def settle(self) -> None:
        """After a page that was taken in: forget what has not been said for long."""
        self._scrapes += 1
        for name in [name for name, gone in self._gone.items() if self._scrapes - gone > _KEPT_SCRAPES]:
            del self._known[name], self._gone[name]

    def get(self, metric: str) -> MetricMetadata | None:
        said = self._known.get(metric)
        return None if said is None else _told(metric, said)

    def __iter__(self) -> Iterator[MetricMetadata]:
        return (_told(metric, said) for metric, said in self._known.items())

    def __len__(self) -> int:
        return len(self._known)


def _told(metric: str, said: Metadata) -> MetricMetadata:
    return MetricMetadata(metric, said.type or "unknown", said.help or "", said.unit or "")
