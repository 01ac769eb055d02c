"""Since when alerts were active, as the store remembers it from before a restart."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final, TypeAlias

from promql.model.labels import Labels
from promql.model.matchers import Matcher, MatchOp
from promql.model.panel import Kind, Need, Selected
from promql.model.staleness import is_stale

Select: TypeAlias = Callable[[Need], Sequence[Selected]]
_SECOND: Final = 1000


def last_state(select: Select, labels: Labels, start: int, end: int) -> tuple[int, int] | None:
    """When the series was last written and the instant that it held (ms); None without one, or if it has ended."""
    matchers = tuple(Matcher(name, MatchOp.EQUAL, value) for name, value in labels)
    ends = [
        (int(times[-1]), values[-1:])
        for one in select(Need(matchers, start, end, Kind.INSTANT))
        for _, found, times, values in one.series()
        if found == labels and len(times)
    ]
    if not ends:
        return None
    time, value = max(ends, key=lambda found: found[0])
    return None if is_stale(value)[0] else (time, int(value[0]) * _SECOND)
