"""Which files are made one: neighbours of alike size, so that each line is written again a few times and no more."""

from __future__ import annotations

from collections.abc import Sequence

from engine.logs.store.options import LogOptions
from engine.logs.store.segment import Segment

_SMALLEST = 256 << 10


def due(segments: Sequence[Segment], options: LogOptions, spoiled: frozenset[int]) -> Sequence[Segment]:
    """The next ones; none where nothing is to be done. Those that are `spoiled` can't be read whole."""
    for tier in range(_tier(options.largest_file) + 1):
        run: list[Segment] = []
        for segment in segments:
            if segment.number in spoiled or _tier(segment.size) > tier:
                run = []
                continue
            run = [*run, segment] if _fit([*run, segment], options) else [segment]
            if len(run) >= options.compact_files:
                return run
    return ()


def _fit(run: Sequence[Segment], options: LogOptions) -> bool:
    """Whether they may be one file."""
    spans = max(segment.last for segment in run) - min(segment.first for segment in run)
    return spans <= options.longest_file_ns and sum(segment.size for segment in run) <= options.largest_file


def _tier(size: int) -> int:
    tier = 0
    while size > _SMALLEST:
        size //= 4
        tier += 1
    return tier
