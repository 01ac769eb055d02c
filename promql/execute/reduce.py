"""Aggregations that take one value after another: sum, avg, min, max, count, group, stddev, stdvar.

They never need all rows at once, so a wide `sum(rate(...))` is added up piece by piece and its millions of rates
are never held. Within a group values are taken in the order of their rows, and a piece goes on where the last one
ended, so that sums come out to the last digit as if all had been added one after another: `ufunc.at` does just that.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final

import numpy as np

from promql.model.types import BoolArray, FloatArray, IntArray

_HUGE: Final = 2.0**1000
_SHRINK: Final = 2.0**-64
_SPARSE: Final = 4
"""Where a piece has this many times fewer values than there are places, only the places that it meets are looked at."""


class Reduction(ABC):
    """State of one aggregation: groups by steps. A place is a cell of it, counted row by row."""

    def __init__(self, groups: int, steps: int) -> None:
        self.shape = (groups, steps)
        self.count = np.zeros(self.shape)

    def add(self, groups: IntArray, steps: slice, values: FloatArray, present: BoolArray) -> None:
        """Take in rows: `values[s, k]`, `present[1 or s, k]`, of the groups `int64[s]`, at consecutive steps."""
        places = (groups * self.shape[1] + steps.start)[:, None] + np.arange(values.shape[1])
        if len(present) == 1 and not present.all():
            some = np.flatnonzero(present[0])
            places, values, present = places.take(some, axis=1), values.take(some, axis=1), present.take(some, axis=1)
        if present.all():
            self._add(places.ravel(), values.ravel())
        else:
            self._add(places[present], values[present])

    def add_cells(self, groups: IntArray, steps: IntArray, values: FloatArray, present: BoolArray) -> None:
        """Take in values one by one: `int64[w]`, `int64[w]`, `float64[w]`, `bool[w]`."""
        places = groups * self.shape[1] + steps
        if present.all():
            self._add(places, values)
        else:
            self._add(places[present], values[present])

    def _add(self, places: IntArray, values: FloatArray) -> None:
        if len(places):
            self.take(places, values)
            np.add.at(self.count.reshape(-1), places, 1.0)

    @abstractmethod
    def take(self, places: IntArray, values: FloatArray) -> None:
        """Values and the places where they belong, `[w]` each; `self.count` is that before these."""

    @abstractmethod
    def values(self) -> FloatArray:
        """`float64[G, T]`; they count where there is a count."""


class Count(Reduction):
    def take(self, places: IntArray, values: FloatArray) -> None:
        """The count is all there is."""

    def values(self) -> FloatArray:
        return self.count


class Group(Count):
    def values(self) -> FloatArray:
        return np.ones(self.shape)


class Sum(Reduction):
    """Begins at -0.0, which changes nothing, while 0.0 would make 0.0 of -0.0."""

    def __init__(self, groups: int, steps: int) -> None:
        super().__init__(groups, steps)
        self.total = np.full(self.shape, -0.0)

    def take(self, places: IntArray, values: FloatArray) -> None:
        np.add.at(self.total.reshape(-1), places, values)

    def values(self) -> FloatArray:
        return self.total


class Extreme(Reduction):
    """The least or the greatest value; NaN only where there is nothing else."""

    join: Any

    def __init__(self, groups: int, steps: int) -> None:
        super().__init__(groups, steps)
        self._best = np.full(self.shape, np.nan)

    def take(self, places: IntArray, values: FloatArray) -> None:
        self.join.at(self._best.reshape(-1), places, values)

    def values(self) -> FloatArray:
        return self._best


class Min(Extreme):
    join = np.fmin


class Max(Extreme):
    join = np.fmax


class Average(Sum):
    """A mean of finite values is finite: once huge ones occur, sums are kept on a smaller scale too, for where
    the plain one overflows.
    """

    def __init__(self, groups: int, steps: int) -> None:
        super().__init__(groups, steps)
        self._small: FloatArray | None = None

    def take(self, places: IntArray, values: FloatArray) -> None:
        if self._small is None and (np.abs(values) >= _HUGE).any():
            self._small = self.total * _SHRINK
        if self._small is not None:
            np.add.at(self._small.reshape(-1), places, values * _SHRINK)
        super().take(places, values)

    def values(self) -> FloatArray:
        mean = self.total / self.count
        if self._small is None:
            return mean
        return np.where(np.isfinite(self.total), mean, self._small / self.count / _SHRINK)


class Variance(Reduction):
    """Of the population. Equal values have exactly none, and so has any single value, were it NaN."""

    def __init__(self, groups: int, steps: int) -> None:
        super().__init__(groups, steps)
        self._mean, self._squares = np.zeros(self.shape), np.zeros(self.shape)

    def take(self, places: IntArray, values: FloatArray) -> None:
        """Mean and squares of the values of each place, from their least; then joined to those before (Chan et al.)."""
        met: IntArray | slice = slice(None)
        size = self.count.size
        if size > _SPARSE * len(places):
            met, places = np.unique(places, return_inverse=True)
            size = len(met)
        base = np.full(size, np.nan)
        np.fmin.at(base, places, values)
        count = np.bincount(places, minlength=size).astype(np.float64)
        apart = values - base[places]
        shift = np.bincount(places, apart, size) / count
        squares = np.bincount(places, (apart - shift[places]) ** 2, size)
        self._join(met, base + shift, squares.astype(np.float64), count)

    def _join(self, at: IntArray | slice, mean: FloatArray, squares: FloatArray, count: FloatArray) -> None:
        means, sums, before = self._mean.reshape(-1), self._squares.reshape(-1), self.count.reshape(-1)[at]
        share = count / (before + count)
        gap = mean - means[at]
        joined = sums[at] + squares + gap * gap * before * share
        kept, fresh = count == 0, before == 0
        sums[at] = np.where(kept, sums[at], np.where(fresh, squares, joined))
        means[at] = np.where(kept, means[at], np.where(fresh, mean, means[at] + gap * share))

    def values(self) -> FloatArray:
        return np.where(self.count == 1, 0.0, self._squares / self.count)


class Deviation(Variance):
    def values(self) -> FloatArray:
        return np.sqrt(super().values())


REDUCTIONS: Final[Mapping[str, Callable[[int, int], Reduction]]] = MappingProxyType(
    {
        "avg": Average,
        "count": Count,
        "group": Group,
        "max": Max,
        "min": Min,
        "stddev": Deviation,
        "stdvar": Variance,
        "sum": Sum,
    }
)
