"""How much there is of streams: counted from what their blocks say of themselves, without reading a line.

A block that reaches over an edge counts with its share of the time inside.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from itertools import pairwise
from typing import NamedTuple

from engine.logs.store.blocks import extents_of
from engine.logs.store.stream import Stream
from promql.model.labels import Labels


class Amount(NamedTuple):
    """As `/index/stats` tells it; `chunks` are blocks."""

    streams: int
    chunks: int
    bytes: int
    entries: int


def amount(streams: Iterable[Stream], start: int, end: int) -> Amount:
    """Of the blocks that have times from `start` up to, but not with, `end`."""
    found = [[one for one in extents_of(stream.held) if one.first < end and one.last >= start] for stream in streams]
    blocks = [one for some in found for one in some]
    return Amount(
        streams=sum(1 for some in found if some),
        chunks=len(blocks),
        bytes=sum(one.size - one.lines for one in blocks),
        entries=sum(one.lines for one in blocks),
    )


def volumes(streams: Iterable[Stream], name: Callable[[Labels], Labels], edges: list[int]) -> dict[Labels, list[int]]:
    """Bytes between each two edges, by what `name` makes of a stream's labels."""
    found: defaultdict[Labels, list[float]] = defaultdict(lambda: [0.0] * (len(edges) - 1))
    for stream in streams:
        for one in extents_of(stream.held):
            for place, share in _shares(one.first, one.last, edges):
                found[name(stream.named.labels)][place] += share * (one.size - one.lines)
    return {labels: list(map(round, sums)) for labels, sums in found.items()}


def _shares(first: int, last: int, edges: list[int]) -> Iterator[tuple[int, float]]:
    length = last - first + 1
    for place, (low, high) in enumerate(pairwise(edges)):
        inside = min(high, last + 1) - max(low, first)
        if inside > 0:
            yield place, inside / length
