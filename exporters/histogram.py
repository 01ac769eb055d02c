"""A histogram that is counted here, and the family that shows one for each set of labels."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import accumulate

from exporters.exposition.families import Family, MetricType, Sample
from promql.model.numbers import general

Pairs = tuple[tuple[str, str], ...]


class Histogram:
    """Counts by upper bound; the last count is of what lies beyond all bounds."""

    __slots__ = ("_bounds", "_counts", "total")

    def __init__(self, bounds: Sequence[float]) -> None:
        self._bounds = bounds
        self._counts = [0] * (len(bounds) + 1)
        self.total = 0.0

    def observe(self, value: float) -> None:
        self._counts[bisect_left(self._bounds, value)] += 1
        self.total += value

    @property
    def count(self) -> int:
        return sum(self._counts)

    def buckets(self) -> Iterator[tuple[float, int]]:
        """(upper bound, how many are not above it), the infinite one last."""
        return zip((*self._bounds, float("inf")), accumulate(self._counts), strict=True)


def histogram_family(name: str, text: str, label: str, found: Mapping[str, Histogram]) -> Family:
    """The histograms by the value of one label, sorted by it."""
    return labelled_histograms(name, text, [(((label, value),), one) for value, one in sorted(found.items())])


def labelled_histograms(name: str, text: str, found: Iterable[tuple[Pairs, Histogram]]) -> Family:
    """Histograms and the labels of each."""
    family = Family(name, MetricType.HISTOGRAM, text)
    for labels, histogram in found:
        for bound, count in histogram.buckets():
            family.samples.append(Sample(f"{name}_bucket", (*labels, ("le", general(bound))), float(count)))
        family.samples.append(Sample(f"{name}_sum", labels, histogram.total))
        family.samples.append(Sample(f"{name}_count", labels, float(histogram.count)))
    return family
