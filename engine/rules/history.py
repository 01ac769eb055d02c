"""Since when alerts were active, as the store remembers it from before a restart."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final, TypeAlias

from promql.model.labels import Labels
from promql.model.matchers import Matcher, MatchOp
from promql.model.panel import Kind, Need, Panel
from promql.model.staleness import is_stale

Select: TypeAlias = Callable[[Need], Sequence[Panel]]
_SECOND: Final = 1000


def last_state(select: Select, labels: Labels, start: int, end: int) -> tuple[int, int] | None:
    """When the series was last written and the instant that it held (ms); None without one, or if it has ended."""
    matchers = tuple(Matcher(name, MatchOp.EQUAL, value) for name, value in labels)
    ends = [
        (int(panel.times[-1]), panel.values[row, -1:])
        for panel in select(Need(matchers, start, end, Kind.INSTANT))
        for row, found in enumerate(panel.labels)
        if found == labels and len(panel.times)
    ]
    if not ends:
        return None
    time, value = max(ends, key=lambda found: found[0])
    return None if is_stale(value)[0] else (time, int(value[0]) * _SECOND)
