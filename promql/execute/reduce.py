"""Aggregations that take one row after another: sum, avg, min, max, count, group, stddev, stdvar.

They never need all rows at once, so a wide `sum(rate(...))` is added up piece by piece and its millions of rates
are never held. Within a group rows are taken in order, and a piece goes on where the last one ended, so that sums come
out to the last digit as if all had been added one after another.
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


class Members:
    """The rows of a piece, sorted into groups: `groups: int64[g]` are the numbers of those that occur."""

    def __init__(self, group_of_row: IntArray) -> None:
        self._order = np.argsort(group_of_row, kind="stable")
        ordered = group_of_row[self._order]
        self._starts = np.flatnonzero(np.concatenate([[True], ordered[1:] != ordered[:-1]]))
        self._sizes = np.diff(self._starts, append=len(ordered))
        self._group_of_row = group_of_row
        self.groups: IntArray = ordered[self._starts]

    @property
    def sizes(self) -> FloatArray:
        """How many rows each group has."""
        return self._sizes.astype(np.float64)

    @property
    def local(self) -> IntArray:
        """For each row the place of its group in `groups`."""
        return np.searchsorted(self.groups, self._group_of_row)

    def added(self, so_far: FloatArray, rows: FloatArray) -> FloatArray:
        """`so_far[g, k]` and then each group's rows `[s, k]`, added one after another."""
        if len(self.groups) <= self._sizes.max():
            ordered = rows.take(self._order, axis=0)
            ends = zip(self._starts.tolist(), (self._starts + self._sizes).tolist(), so_far, strict=True)
            return np.array([_in_order(begun, ordered[start:end]) for start, end, begun in ends])
        out = so_far.copy()
        for nth in range(int(self._sizes.max())):  # the nth row of every group that has so many
            some = self._sizes > nth
            out[some] += rows[self._order[self._starts[some] + nth]]
        return out

    def joined(self, join: Any, rows: FloatArray) -> FloatArray:
        """Each group's rows joined by a ufunc for which order does not matter."""
        return join.reduceat(rows.take(self._order, axis=0), self._starts, axis=0)  # type: ignore[no-any-return]


def _in_order(begun: FloatArray, rows: FloatArray) -> FloatArray:
    """`begun[k]` and the rows `[s, k]` added one after another. `reduce` does so, but adds a single column in pairs."""
    stacked = np.concatenate([begun[None, :], rows])
    if stacked.shape[1] == 1:
        return np.asarray(np.add.accumulate(stacked, axis=0)[-1])
    return np.asarray(np.add.reduce(stacked, axis=0, initial=-0.0))


class Reduction(ABC):
    """State of one aggregation: groups by steps."""

    def __init__(self, groups: int, steps: int) -> None:
        self.shape = (groups, steps)
        self.count = np.zeros(self.shape)

    def add(self, members: Members, steps: slice, values: FloatArray, present: BoolArray) -> None:
        """Take in rows: `values[s, k]`, `present[1 or s, k]`, at some of the steps."""
        count: FloatArray
        if len(present) == 1:
            count = members.sizes[:, None] * present
        else:
            count = members.joined(np.add, present.astype(np.float64))
        self.take(members, steps, values, present, count)
        self.count[members.groups, steps] += count

    @abstractmethod
    def take(self, members: Members, steps: slice, values: FloatArray, present: BoolArray, count: FloatArray) -> None:
        """The same, with the number of values of each group at each step; `self.count` is that before these."""

    @abstractmethod
    def values(self) -> FloatArray:
        """`float64[G, T]`; they count where there is a count."""


class Count(Reduction):
    def take(self, members: Members, steps: slice, values: FloatArray, present: BoolArray, count: FloatArray) -> None:
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

    def take(self, members: Members, steps: slice, values: FloatArray, present: BoolArray, count: FloatArray) -> None:
        rows = values if present.all() else np.where(present, values, -0.0)
        self.total[members.groups, steps] = members.added(self.total[members.groups, steps], rows)

    def values(self) -> FloatArray:
        return self.total


class Extreme(Reduction):
    """The least or the greatest value; NaN only where there is nothing else."""

    join: Any

    def __init__(self, groups: int, steps: int) -> None:
        super().__init__(groups, steps)
        self._best = np.full(self.shape, np.nan)

    def take(self, members: Members, steps: slice, values: FloatArray, present: BoolArray, count: FloatArray) -> None:
        rows = values if present.all() else np.where(present, values, np.nan)
        self._best[members.groups, steps] = self.join(
            self._best[members.groups, steps], members.joined(self.join, rows)
        )

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

    def take(self, members: Members, steps: slice, values: FloatArray, present: BoolArray, count: FloatArray) -> None:
        if self._small is None and (np.abs(values) >= _HUGE).any():
            self._small = self.total * _SHRINK
        if self._small is not None:
            rows = np.where(present, values * _SHRINK, -0.0)
            self._small[members.groups, steps] = members.added(self._small[members.groups, steps], rows)
        super().take(members, steps, values, present, count)

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

    def take(self, members: Members, steps: slice, values: FloatArray, present: BoolArray, count: FloatArray) -> None:
        """Mean and squares of these rows, from their least value; then joined to those before (Chan et al.)."""
        base = members.joined(np.fmin, np.where(present, values, np.nan))
        apart = np.where(present, values - base[members.local], 0.0)
        shift = members.joined(np.add, apart) / count
        squares = members.joined(np.add, np.where(present, (apart - shift[members.local]) ** 2, 0.0))
        self._join(np.ix_(members.groups, np.arange(*steps.indices(self.shape[1]))), base + shift, squares, count)

    def _join(self, at: Any, mean: FloatArray, squares: FloatArray, count: FloatArray) -> None:
        before = self.count[at]
        share = count / (before + count)
        gap = mean - self._mean[at]
        joined = self._squares[at] + squares + gap * gap * before * share
        kept, fresh = count == 0, before == 0
        self._squares[at] = np.where(kept, self._squares[at], np.where(fresh, squares, joined))
        self._mean[at] = np.where(kept, self._mean[at], np.where(fresh, mean, self._mean[at] + gap * share))

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
