"""How long lines are kept: by tenant and stream, and by what all of them take on the disk.

A blob goes when its last line is too old; a file is made anew for that once a quarter of it may go, or what may go is a
day over its time. Size is bounded by age: the oldest blobs of all tenants go first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final, TypeAlias

from engine.logql.syntax.parser import parse_matchers
from engine.logs.config.limits import Limits
from engine.logs.config.settings import LogSettings
from engine.logs.store.rewriting import Change
from engine.logs.store.segment import Entry, Named, Segment
from promql.model.durations import Duration
from promql.model.matchers import Matcher, match_all

_NS: Final = 1_000_000
_DAY: Final = 86_400 * 1_000 * _NS
_SHARE: Final = 4
_FILLED: Final = 0.9
"""What is left of the size that is allowed, so that not every file is made anew for each that comes."""

Oldest: TypeAlias = Callable[[Named], int | None]
"""The oldest line of a stream that is kept (Unix ns); None where all are."""
_Rules: TypeAlias = Sequence[tuple[int, tuple[Matcher, ...], Duration]]


def by_age(settings: LogSettings, now: int) -> Oldest:
    """As the configuration says. Raises LogQLError for a selector that is none."""
    config = settings.config
    if not config.retention_enabled:
        return lambda _named: None
    tenants: dict[str, _Rules] = {}

    def oldest(named: Named) -> int | None:
        limits = settings.limits(named.tenant)
        rules = tenants.setdefault(named.tenant, _rules(limits))
        plain = limits.retention_period if config.compactor.retention_enabled else config.table_manager.retention_period
        period = next((one for _, matchers, one in rules if match_all(matchers, named.labels)), plain)
        return now - period * _NS if period else None

    return oldest


def by_size(segments: Sequence[Segment], most: int, oldest: Oldest) -> Oldest:
    """The same, and so that files take no more than `most` bytes; 0 for any number."""
    if not most or sum(segment.size for segment in segments) <= most:
        return oldest
    left, bound = most * _FILLED, None
    for last, size in sorted((one for segment in segments for one in _costs(segment)), reverse=True):
        left -= size
        if left < 0:
            bound = last + 1
            break

    def later(named: Named) -> int | None:
        found = oldest(named)
        return max((one for one in (found, bound) if one is not None), default=None)

    return later


def _costs(segment: Segment) -> Iterator[tuple[int, float]]:
    """The last time of each blob, and what it takes with its share of what the file holds beside blobs."""
    share = segment.size / sum(entry.stored for entry in segment.entries)
    return ((entry.last, entry.stored * share) for entry in segment.entries)


def change_of(segment: Segment, oldest: Oldest) -> Change | None:
    """How a file is made anew without what is too old; None where that can wait."""
    bounds: Mapping[int, int | None] = {place: oldest(named) for place, named in enumerate(segment.streams)}
    old = [entry for entry in segment.entries if (bound := bounds[entry.stream]) is not None and entry.last < bound]
    if not old:
        return None
    pressing = any(entry.last < (bounds[entry.stream] or 0) - _DAY for entry in old)
    if not pressing and sum(entry.stored for entry in old) * _SHARE < segment.size:
        return None

    def keep(named: Named, entry: Entry) -> bool:
        bound = oldest(named)
        return bound is None or entry.last >= bound

    return Change(keep=keep)


def _rules(limits: Limits) -> _Rules:
    """The rule that wins first."""
    rules = [(one.priority, parse_matchers(one.selector), one.period) for one in limits.retention_stream]
    return sorted(rules, key=lambda one: -one[0])
