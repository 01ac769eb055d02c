"""What an expression evaluates to: series by steps, all steps at once.

Laws: rows stand in the order in which series were created (an operator that makes new rows makes them in the
order in which it meets them), and reductions run along that order. NaN is a value, absence is not: a cell counts only
where `present` says so, and what `values` holds elsewhere means nothing. An instant query is a grid of one
step, which keeps no row without a value, so that its rows are the answer in order.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
from msgspec import Struct

from promql.errors import EvaluationError
from promql.model.labels import Labels
from promql.model.rows import all_differ
from promql.model.types import BoolArray, FloatArray, IntArray


class Steps(Struct, frozen=True):
    """`count` instants from `start`, `step` apart (Unix ms)."""

    start: int
    step: int
    count: int

    @property
    def end(self) -> int:
        return self.start + self.step * (self.count - 1)

    @property
    def times(self) -> IntArray:
        """`int64[count]`."""
        return self.start + self.step * np.arange(self.count, dtype=np.int64)

    def shifted(self, ms: int) -> Steps:
        """As many steps, so much later."""
        return Steps(self.start + ms, self.step, self.count)


class Grid(Struct, frozen=True):
    """`labels` names the S rows; `values: float64[S, T]`; `present: bool[S, T]`."""

    labels: Sequence[Labels]
    values: FloatArray
    present: BoolArray

    @classmethod
    def empty(cls, steps: int) -> Grid:
        return cls([], np.empty((0, steps)), np.empty((0, steps), dtype=np.bool_))

    def rows(self, index: IntArray) -> Grid:
        """Some of the rows, in the order of the index."""
        return Grid([self.labels[i] for i in index.tolist()], self.values[index], self.present[index])

    def compact(self) -> Grid:
        """Without the rows that have no value at any step."""
        kept = self.present.any(axis=1)
        return self if kept.all() else self.rows(np.flatnonzero(kept))


Value: TypeAlias = Grid | FloatArray | str
"""A vector, a scalar at each step (`float64[T]`), or a text."""


def merged(grid: Grid) -> Grid:
    """Rows with equal labels made one, as where two names took turns and both were dropped.

    Raises EvaluationError where two of them have a value at the same step.
    """
    if all_differ(grid.labels):
        return grid
    index: dict[Labels, int] = {}
    home = np.array([index.setdefault(labels, len(index)) for labels in grid.labels], dtype=np.int64)
    order = np.argsort(home, kind="stable")
    starts = np.searchsorted(home[order], np.arange(len(index)))
    present = grid.present[order]
    seen = np.add.reduceat(present, starts, axis=0, dtype=np.int64)
    if (seen > 1).any():
        raise EvaluationError("vector cannot contain metrics with the same labelset")
    values = np.add.reduceat(np.where(present, grid.values[order], -0.0), starts, axis=0)  # one of them, and nothings
    return Grid(list(index), values, seen > 0)
