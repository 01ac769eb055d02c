"""Since when alerts were active, as the store remembers it from before a restart."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final, TypeAlias

from engine.rules.alerting import ALERT_NAME, ALERTS_FOR_STATE
from promql.model.labels import METRIC_NAME, Labels
from promql.model.matchers import Matcher, MatchOp
from promql.model.panel import Kind, Need, Selected
from promql.model.staleness import is_stale

Select: TypeAlias = Callable[[Need], Sequence[Selected]]
_SECOND: Final = 1000


def last_states(select: Select, alert: str, start: int, end: int) -> Mapping[Labels, tuple[int, int]]:
    """For the series that keep since when alerts of this name have been active: when each was last written and the
    instant that it held (ms). One that has ended is left out.

    All in one question: a rule may have thousands of alerts, and nothing else goes on meanwhile.
    """
    matchers = (Matcher(METRIC_NAME, MatchOp.EQUAL, ALERTS_FOR_STATE), Matcher(ALERT_NAME, MatchOp.EQUAL, alert))
    found: dict[Labels, tuple[int, int]] = {}
    ended: dict[Labels, int] = {}
    for one in select(Need(matchers, start, end, Kind.INSTANT)):
        for _, labels, times, values in one.series():
            time = int(times[-1])
            if time <= max(found.get(labels, (-1, 0))[0], ended.get(labels, -1)):
                continue
            if is_stale(values[-1:])[0]:
                ended[labels] = time
                found.pop(labels, None)
            else:
                found[labels] = (time, int(values[-1]) * _SECOND)
    return found
