"""How much there is of streams: counted from what their blocks say of themselves, without reading a line.

A block that reaches over an edge counts with its share of the time inside, and lines that came again after they were
sealed count again, until their blocks are merged.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import Final, NamedTuple

import numpy as np

from engine.logs.store.blocks import extents_of
from engine.logs.store.stream import Stream
from promql.model.labels import Labels
from promql.model.types import FloatArray

_LATEST: Final = (1 << 63) - 1


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
    places = np.array([max(min(edge, _LATEST), -_LATEST) for edge in edges], np.int64)
    found: defaultdict[Labels, FloatArray] = defaultdict(lambda: np.zeros(len(edges) - 1))
    for stream in streams:
        near = [one for one in extents_of(stream.held) if one.first < edges[-1] and one.last >= edges[0]]
        if not near:
            continue
        sums = found[name(stream.named.labels)]
        for one in near:
            reached = np.clip(places, one.first, one.last + 1)
            sums += (reached[1:] - reached[:-1]) * ((one.size - one.lines) / (one.last + 1 - one.first))
    return {labels: np.rint(sums).astype(np.int64).tolist() for labels, sums in found.items()}
