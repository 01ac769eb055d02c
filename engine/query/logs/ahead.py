"""Blocks whose text is made ready while the one before is searched: the other worker decompresses, where it is free."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future
from typing import Final

from engine.foundation.workers import Workers
from engine.logql.lines import Block, Instants, LogSource
from promql.model.labels import Labels
from promql.model.matchers import Matcher

DEPTH: Final = 2
"""Blocks that are made ready before they are asked for."""
_SMALL: Final = 1 << 16
"""Bytes of a block that is not worth it."""


class Ahead:
    """A LogSource that reads ahead in another one."""

    def __init__(self, source: LogSource, workers: Workers) -> None:
        self._source = source
        self._workers = workers

    def blocks(self, matchers: Sequence[Matcher], start: int, end: int, *, backward: bool = False) -> Iterator[Block]:
        held: deque[_Ready] = deque()
        try:
            for block in self._source.blocks(matchers, start, end, backward=backward):
                held.append(self._begun(block))
                if len(held) > DEPTH:
                    yield held.popleft()
            while held:
                yield held.popleft()
        finally:
            for one in held:
                one.give_up()

    def streams(self, matchers: Sequence[Matcher], start: int, end: int) -> list[Labels]:
        return self._source.streams(matchers, start, end)

    def _begun(self, block: Block) -> _Ready:
        return _Ready(block, self._workers.begin(block.text) if block.size > _SMALL else None)


class _Ready:
    """A block whose text may be on its way. Nothing else of it is asked before that is settled."""

    def __init__(self, block: Block, text: Future[bytes] | None) -> None:
        self._block = block
        self._pending = text
        self._text: bytes | None = None
        self.labels = block.labels
        self.first = block.first
        self.last = block.last
        self.count = block.count
        self.size = block.size

    def text(self) -> bytes:
        self._settle()
        text, self._text = self._text, None
        return self._block.text() if text is None else text

    def starts(self) -> Instants:
        self._settle()
        return self._block.starts()

    def times(self) -> Instants:
        self._settle()
        return self._block.times()

    def metadata(self) -> Mapping[int, Labels]:
        self._settle()
        return self._block.metadata()

    def give_up(self) -> None:
        """Nobody asks for it any more."""
        if self._pending is not None:
            self._pending.cancel()

    def _settle(self) -> None:
        pending, self._pending = self._pending, None
        if pending is not None and not pending.cancel():
            self._text = pending.result()
