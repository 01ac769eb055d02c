"""A source of lines that is a list in memory: the obvious one, to hold queries against."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from engine.logql.lines import Block, Instants, StreamLines
from promql.model.labels import Labels
from promql.model.matchers import Matcher, match_all


@dataclass(frozen=True)
class MemoryBlock:
    labels: Labels
    lines: Sequence[bytes]
    when: Sequence[int]
    own: Mapping[int, Labels] = field(default_factory=dict)

    @property
    def first(self) -> int:
        return self.when[0]

    @property
    def last(self) -> int:
        return self.when[-1]

    @property
    def count(self) -> int:
        return len(self.lines)

    @property
    def size(self) -> int:
        return sum(map(len, self.lines)) + len(self.lines)

    def text(self) -> bytes:
        return b"".join(line + b"\n" for line in self.lines)

    def starts(self) -> Instants:
        return np.cumsum([0, *(len(line) + 1 for line in self.lines)]).astype(np.int64)

    def times(self) -> Instants:
        return np.array(self.when, np.int64)

    def metadata(self) -> Mapping[int, Labels]:
        return self.own


class MemoryArrivals:
    """What comes to streams that match."""

    def __init__(self, matchers: Sequence[Matcher]) -> None:
        self._matchers = matchers
        self._blocks: list[MemoryBlock] = []

    def note(self, stream: StreamLines) -> None:
        if match_all(self._matchers, stream.labels):
            entries = sorted(zip(stream.times, stream.lines, strict=True), key=lambda entry: entry[0])
            self._blocks.append(
                MemoryBlock(stream.labels, [line for _, line in entries], [time for time, _ in entries])
            )

    def take(self) -> tuple[list[Block], list[tuple[int, Labels]]]:
        taken, self._blocks = self._blocks, []
        return list(taken), []

    def close(self) -> None:
        self._blocks = []


class MemorySource:
    """Streams in blocks of so many lines."""

    def __init__(self, streams: Iterable[StreamLines] = (), block: int = 7) -> None:
        self._blocks: list[MemoryBlock] = []
        self._streams: dict[Labels, list[tuple[int, bytes, Labels | None]]] = {}
        self._size = block
        self._followers: list[MemoryArrivals] = []
        for one in streams:
            self.push(one)

    def push(self, stream: StreamLines) -> None:
        for follower in self._followers:
            follower.note(stream)
        kept = self._streams.setdefault(stream.labels, [])
        own = stream.metadata
        kept += [(t, line, own.get(i)) for i, (t, line) in enumerate(zip(stream.times, stream.lines, strict=True))]
        kept.sort(key=lambda entry: entry[0])
        self._blocks = [block for labels, entries in self._streams.items() for block in self._cut(labels, entries)]

    def arrivals(self, _tenant: str, matchers: Sequence[Matcher]) -> MemoryArrivals:
        self._followers.append(MemoryArrivals(matchers))
        return self._followers[-1]

    def _cut(self, labels: Labels, entries: list[tuple[int, bytes, Labels | None]]) -> Iterator[MemoryBlock]:
        start = 0
        while start < len(entries):
            end = min(start + self._size, len(entries))
            while end < len(entries) and entries[end][0] == entries[end - 1][0]:
                end += 1
            part = entries[start:end]
            own = {i: entry[2] for i, entry in enumerate(part) if entry[2] is not None}
            yield MemoryBlock(labels, [entry[1] for entry in part], [entry[0] for entry in part], own)
            start = end

    def blocks(self, matchers: Sequence[Matcher], start: int, end: int, *, backward: bool = False) -> Iterator[Block]:
        found = [b for b in self._blocks if match_all(matchers, b.labels) and b.first < end and b.last >= start]
        found.sort(key=lambda block: -block.last if backward else block.first)
        yield from found

    def streams(self, matchers: Sequence[Matcher], start: int, end: int) -> list[Labels]:
        return sorted({block.labels for block in self.blocks(matchers, start, end)})
