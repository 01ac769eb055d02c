"""Exemplars: samples of single requests, with the labels that lead to their traces. A ring of so many for all series.

Laws, as in Prometheus: an exemplar belongs to a series and is later than the one before it; the oldest to come is the
first to go; labels have 128 characters at most.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Sequence
from enum import Enum
from itertools import islice
from typing import Final

from msgspec import Struct, field

from promql.model.labels import Labels
from promql.model.matchers import Matcher, match_all

LONGEST: Final = 128
"""Characters of the names and values of all labels of one."""


class Exemplar(Struct, frozen=True):
    """`time` is Unix ms; `stamped`: it was given with it, and is not just when it was seen."""

    labels: Labels
    value: float
    time: int
    stamped: bool = True

    def repeats(self, other: Exemplar) -> bool:
        """Is it the other one, seen again?"""
        timed = self.stamped or other.stamped
        return (self.labels, self.value) == (other.labels, other.value) and not (timed and self.time != other.time)


class Verdict(Enum):
    """What became of an exemplar."""

    KEPT = "kept"
    KNOWN = "it is the newest of its series, seen again"
    OUT_OF_ORDER = "its series has a later one"
    TOO_LONG = "its labels are too long"


class ExemplarCounts(Struct):
    """Since the start."""

    kept: int = 0
    out_of_order: int = 0


Found = Sequence[tuple[Labels, Sequence[Exemplar]]]
"""Series and their exemplars by time, sorted by labels."""


class Exemplars(Struct):
    """At most `most` of them; none where that is zero. Filled by one thread; `select` may run in any."""

    most: int = 0
    counts: ExemplarCounts = field(default_factory=ExemplarCounts)
    _order: deque[Labels] = field(default_factory=deque)
    _series: dict[Labels, deque[Exemplar]] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self._order)

    @property
    def series(self) -> int:
        """How many series have some."""
        return len(self._series)

    @property
    def oldest(self) -> int:
        """When the one was that goes next (Unix ms); 0 where there is none."""
        return self._series[self._order[0]][0].time if self._order else 0

    def resize(self, most: int) -> None:
        """Keep so many from now on."""
        self.most = max(most, 0)
        self._shrink()

    def add(self, series: Labels, exemplar: Exemplar) -> Verdict:
        """Keep one, if there is reason to."""
        if sum(len(name) + len(value) for name, value in exemplar.labels) > LONGEST:
            return Verdict.TOO_LONG
        if before := self._series.get(series):
            if exemplar.repeats(before[-1]):
                return Verdict.KNOWN
            if exemplar.time <= before[-1].time:
                self.counts.out_of_order += 1
                return Verdict.OUT_OF_ORDER
        self._order.append(series)
        self._series.setdefault(series, deque()).append(exemplar)
        self.counts.kept += 1
        self._shrink()
        return Verdict.KEPT

    def select(self, selectors: Sequence[Sequence[Matcher]], start: int, end: int) -> Found:
        """Those of series that one of the selectors matches, with start <= t <= end."""
        found = []
        for series in list(self._series):
            if any(match_all(matchers, series) for matchers in selectors):
                inside = [one for one in tuple(self._series.get(series, ())) if start <= one.time <= end]
                if inside:
                    found.append((series, inside))
        return sorted(found, key=lambda pair: pair[0])

    def since(self, kept: int) -> list[tuple[Labels, Exemplar]]:
        """Those that came after so many (see `counts.kept`) were kept, as far as they are here, in their order."""
        new = min(self.counts.kept - kept, len(self._order))
        order = list(islice(self._order, len(self._order) - new, None))
        first = {series: len(self._series[series]) - count for series, count in Counter(order).items()}
        found = []
        for series in order:
            found.append((series, self._series[series][first[series]]))
            first[series] += 1
        return found

    def _shrink(self) -> None:
        while len(self._order) > self.most:
            series = self._order.popleft()
            rest = self._series[series]
            rest.popleft()
            if not rest:
                del self._series[series]
