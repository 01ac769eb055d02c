"""What a query reads of one tenant's lines.

Blobs that are not what was written are left out, told, and counted: what else a query finds is true.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from threading import Lock

from engine.foundation.errors import DamagedError
from engine.logs.store.blocks import StoredBlock, blocks_of
from engine.logs.store.catalog import Catalog
from engine.logs.store.stream import Held, Stream
from promql.model.labels import Labels
from promql.model.matchers import Matcher

log = logging.getLogger(__name__)


class Reader:
    """A LogSource (`engine.logql.lines`)."""

    def __init__(self, catalog: Catalog, tenant: str, lock: Lock) -> None:
        self._catalog = catalog
        self._tenant = tenant
        self._lock = lock

    def blocks(
        self, matchers: Sequence[Matcher], start: int, end: int, *, backward: bool = False
    ) -> Iterator[StoredBlock]:
        """By rising `first`, or by falling `last`; see LogSource."""
        found = [block for labels, held in self._held(matchers) for block in blocks_of(labels, held, start, end)]
        found.sort(key=lambda block: -block.last if backward else block.first)
        return (block for block in found if _readable(block))

    def streams(self, matchers: Sequence[Matcher], start: int, end: int) -> list[Labels]:
        return sorted(stream.named.labels for stream in self.matching(matchers) if stream.holds(start, end))

    def matching(self, matchers: Sequence[Matcher]) -> list[Stream]:
        """All streams that match, whenever they had lines."""
        tenant = self._catalog.tenants.get(self._tenant)
        return [] if tenant is None else tenant.find(matchers)

    def _held(self, matchers: Sequence[Matcher]) -> list[tuple[Labels, Held]]:
        streams = self.matching(matchers)
        with self._lock:
            return [(stream.named.labels, stream.held) for stream in streams]


def _readable(block: StoredBlock) -> bool:
    try:
        block.verify()
    except DamagedError as error:
        log.error("lines are left out of a query: %s", error)  # noqa: TRY400 - its text says all
        return False
    return True
