"""What a query works on where other servers are read from: the store's samples and theirs, series by series.

Law: of two samples of a series at one time that of the store stays; of several servers that of the first.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

import numpy as np
from msgspec import Struct

from engine.query.evaluation import Selects
from engine.remote.reading import Row
from promql.model.labels import Labels
from promql.model.matchers import Matcher
from promql.model.panel import Kind, Need, Panel, Selected, Size, Strands
from promql.model.staleness import is_stale
from promql.model.types import FloatArray, IntArray

_FOREIGN: Final = 1 << 39
"""Series that the store does not have are numbered from here on: they are younger than all of its own, and below 2^40,
by which rules that are evaluated together hold their series apart.
"""

Samples = tuple[IntArray, FloatArray]


class Fetched(Struct, frozen=True):
    """What servers have of series that match, from `start` to `end` (Unix ms). Times ascend."""

    start: int
    end: int
    series: Mapping[Labels, Samples]

    def within(self, need: Need) -> dict[Labels, Samples]:
        """What of it is needed, without series of which there is nothing."""
        found = {labels: _clipped(times, values, need) for labels, (times, values) in self.series.items()}
        return {labels: some for labels, some in found.items() if len(some[0])}


class Merged:
    """A store and what was fetched besides, by matchers. Each need lies in what was fetched for these."""

    def __init__(self, store: Selects, fetched: Mapping[tuple[Matcher, ...], Sequence[Fetched]]) -> None:
        self._store = store
        self._fetched = fetched
        names = sorted({labels for some in fetched.values() for one in some for labels in one.series})
        self._numbers = {labels: _FOREIGN + at for at, labels in enumerate(names)}

    def select(self, need: Need) -> Sequence[Selected]:
        own, foreign = self._store.select(need), self._of(need)
        both = {labels for one in own for labels in one.labels if labels in foreign} if foreign else ()
        kept = [left for one in own for left in _without(one, both)] if both else list(own)
        rows = [(self._numbers[labels], labels, some) for labels, some in foreign.items() if labels not in both]
        for one in own if both else ():
            for ref, labels, times, values in one.series():
                if labels in both:
                    rows.append((ref, labels, merged([(times, values), foreign[labels]])))
        return [*kept, *laid(rows)]

    def portions(self, need: Need, most: int) -> Sequence[Selected]:
        """All at once: it is in memory already."""
        del most
        return self.select(need)

    def weight(self, need: Need) -> int:
        return self._store.weight(need) + sum(len(times) for times, _ in self._of(need).values())

    def glance(self, need: Need) -> Size | None:
        """Nobody knows at once."""
        del need
        return None

    def _of(self, need: Need) -> dict[Labels, Samples]:
        for one in self._fetched.get(need.matchers, ()):
            if one.start <= need.start and need.end <= one.end:
                return one.within(need)
        return {}


def united(answers: Iterable[Iterable[Row]]) -> dict[Labels, Samples]:
    """The series of several servers, the first one's samples before the others'."""
    found: dict[Labels, list[Samples]] = {}
    for rows in answers:
        for labels, times, values in rows:
            found.setdefault(labels, []).append((times, values))
    return {labels: some[0] if len(some) == 1 else merged(some) for labels, some in found.items()}


def merged(parts: Sequence[Samples]) -> Samples:
    """The samples of one series, by time; at one time that of the earlier part."""
    times = np.concatenate([times for times, _ in parts])
    values = np.concatenate([values for _, values in parts])
    unique, first = np.unique(times, return_index=True)
    return unique, values[first]


def laid(rows: Sequence[tuple[int, Labels, Samples]]) -> list[Selected]:
    """Series with their numbers, as a query takes them."""
    if not rows:
        return []
    rows = sorted(rows, key=lambda row: row[0])
    offsets = np.cumsum([0, *(len(times) for _, _, (times, _) in rows)])
    return [
        Strands(
            np.concatenate([times for _, _, (times, _) in rows]),
            np.concatenate([values for _, _, (_, values) in rows]),
            offsets,
            [labels for _, labels, _ in rows],
            np.array([ref for ref, _, _ in rows], np.int64),
        )
    ]


def _without(one: Selected, those: Iterable[Labels]) -> list[Selected]:
    """The rest, when these series are taken out."""
    keep = [at for at, labels in enumerate(one.labels) if labels not in those]
    if len(keep) == len(one.labels):
        return [one]
    if isinstance(one, Panel):
        labels = [one.labels[at] for at in keep]
        return [Panel(one.times, one.values[keep], labels, one.refs[keep])] if keep else []
    left = set(keep)
    rows = [(ref, labels, (times, values)) for ref, labels, times, values in one.series()]
    return laid([row for at, row in enumerate(rows) if at in left])


def _clipped(times: IntArray, values: FloatArray, need: Need) -> Samples:
    low, high = np.searchsorted(times, need.start, "left"), np.searchsorted(times, need.end, "right")
    times, values = times[low:high], values[low:high]
    if need.kind is Kind.RANGE and (stale := is_stale(values)).any():
        return times[~stale], values[~stale]
    return times, values
