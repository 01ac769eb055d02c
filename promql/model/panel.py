"""What a store hands to a query: panels, of series that were sampled at exactly the same instants, and strands, of
series of which hardly two were.

Neither has holes: every value is a sample. Stale markers appear only in what was gathered for instant selectors.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from enum import Enum
from typing import Final, TypeAlias

import numpy as np
from msgspec import Struct, field

from promql.model.labels import Labels
from promql.model.matchers import Matcher
from promql.model.types import FloatArray, IntArray


class Kind(Enum):
    """What a selector does with its samples: instants keep stale markers, ranges drop them.

    Of NEWEST only the last sample of each series is looked at, and a store may leave out the others.
    """

    NEWEST = "newest"
    INSTANT = "instant"
    RANGE = "range"


class Need(Struct, frozen=True):
    """All samples of the series that match, with start <= t <= end (Unix ms)."""

    matchers: tuple[Matcher, ...]
    start: int
    end: int
    kind: Kind


class Size(Struct, frozen=True):
    """How much a store has for a need, about: series, in how many sources, and their samples."""

    series: int
    sources: int
    samples: int


class Panel(Struct, frozen=True):
    """`times: int64[T]` ascending Unix ms; `values: float64[S, T]`; `labels` and `refs: int64[S]` name the rows.

    `refs` number series in the order of their creation, unique in a store: reductions run in that order, since
    sums and ties depend on it.
    """

    times: IntArray
    values: FloatArray
    labels: Sequence[Labels]
    refs: IntArray

    def series(self) -> Iterator[tuple[int, Labels, IntArray, FloatArray]]:
        """Each series by itself: number, labels, times, values."""
        for ref, labels, values in zip(self.refs.tolist(), self.labels, self.values, strict=True):
            yield ref, labels, self.times, values


_ONE_TABLE: Final = np.zeros(1, np.int64)


class Strands(Struct, frozen=True):
    """Series laid end to end: series `i` has `values[offsets[i]:offsets[i + 1]]`, at least one sample.

    `values: float64[N]`, `offsets: int64[S + 1]`, `labels` and `refs: int64[S]` as in a panel; `refs` ascend. Where
    all series lie on the instants of tables without a hole, `starts: int64[S]` says at which of `times: int64[M]` each
    begins, and `tables` where each table does; inside one times ascend. Without `starts` each sample has a time of its
    own beside it: `times: int64[N]`.
    """

    times: IntArray
    values: FloatArray
    offsets: IntArray
    labels: Sequence[Labels]
    refs: IntArray
    starts: IntArray | None = None
    tables: IntArray = field(default_factory=lambda: _ONE_TABLE)

    @property
    def counts(self) -> IntArray:
        """How many samples each series has: `int64[S]`."""
        return self.offsets[1:] - self.offsets[:-1]

    @property
    def firsts(self) -> IntArray:
        """When the first sample of each series was: `int64[S]`."""
        return self.times[self.offsets[:-1] if self.starts is None else self.starts]

    @property
    def lasts(self) -> IntArray:
        """When the last sample of each series was: `int64[S]`."""
        return self.times[(self.offsets[1:] if self.starts is None else self.starts + self.counts) - 1]

    def some(self, low: int, high: int) -> Strands:
        """The series from `low` to `high`."""
        start, stop = self.offsets[low], self.offsets[high]
        times, starts = self.times, None
        if self.starts is None:
            times = times[start:stop]
        else:
            starts = self.starts[low:high]
        values, offsets = self.values[start:stop], self.offsets[low : high + 1] - start
        return Strands(times, values, offsets, self.labels[low:high], self.refs[low:high], starts, self.tables)

    def series(self) -> Iterator[tuple[int, Labels, IntArray, FloatArray]]:
        """Each series by itself: number, labels, times, values."""
        begins = (self.offsets[:-1] if self.starts is None else self.starts).tolist()
        edges = self.offsets.tolist()
        for at, (ref, labels) in enumerate(zip(self.refs.tolist(), self.labels, strict=True)):
            low, high = edges[at], edges[at + 1]
            yield ref, labels, self.times[begins[at] : begins[at] + high - low], self.values[low:high]


Selected: TypeAlias = Panel | Strands
"""What a store selects comes as some of these; each series is in one of them."""


class Later(Struct, frozen=True):
    """Series whose samples are fetched when it is their turn, so that all of them are never in memory at once.

    `labels` and `refs: int64[S]` as in a panel; `refs` ascend. `firsts` and `lasts: int64[S]`: no sample is before or
    after (Unix ms). `fetch` gives the samples, of those of the series that have some.
    """

    labels: Sequence[Labels]
    refs: IntArray
    firsts: IntArray
    lasts: IntArray
    fetch: Callable[[], Sequence[Selected]]


Given: TypeAlias = Selected | Later
"""What a run works on."""
