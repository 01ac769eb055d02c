"""A source of lines without those that somebody asked to be deleted."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from engine.logql.lines import Block
from engine.logs.deletion import Part, Request, thinned
from engine.logs.store.blocks import StoredBlock
from engine.logs.store.reader import Reader
from engine.logs.store.segment import Named
from engine.logs.store.stream import Stream
from promql.model.labels import Labels
from promql.model.matchers import Matcher


class Hiding:
    """A LogSource (`engine.logql.lines`) of one tenant."""

    def __init__(self, reader: Reader, tenant: str, requests: Callable[[], Sequence[Request]]) -> None:
        self._reader = reader
        self._tenant = tenant
        self._requests = requests

    def blocks(self, matchers: Sequence[Matcher], start: int, end: int, *, backward: bool = False) -> Iterator[Block]:
        requests = self._requests()
        for block in self._reader.blocks(matchers, start, end, backward=backward):
            named = Named(self._tenant, block.labels)
            near = [one for one in requests if one.touches(named, block.first, block.last)]
            found = _without(block, named, near) if near else block
            if found is not None:
                yield found

    def streams(self, matchers: Sequence[Matcher], start: int, end: int) -> list[Labels]:
        return self._reader.streams(matchers, start, end)

    def matching(self, matchers: Sequence[Matcher]) -> list[Stream]:
        return self._reader.matching(matchers)


def _without(block: StoredBlock, named: Named, requests: Sequence[Request]) -> Block | None:
    left = thinned(named, block.lines(), requests)
    return None if left is None else Part(block.labels, left)
