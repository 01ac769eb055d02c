"""Grids and panels made answers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain

import numpy as np

from promql.execute.limits import Limits
from promql.model.grid import Grid, Steps, Value
from promql.model.labels import EMPTY, Labels
from promql.model.panel import Given, Later
from promql.model.results import Matrix, RawMatrix, Series, Vector
from promql.model.types import FloatArray, IntArray


def vector(grid: Grid, time: int) -> Vector:
    """The rows of a one-step grid, in order."""
    return Vector(time, grid.labels, grid.values[:, 0])


def matrix(value: Value, steps: Steps) -> Matrix:
    """Rows sorted by labels; those without a value are left out. A scalar is one row without labels."""
    if isinstance(value, np.ndarray):
        return Matrix(steps.times, [EMPTY], value[None, :], np.ones((1, steps.count), dtype=np.bool_))
    assert isinstance(value, Grid)
    grid = value.compact()
    order = np.array(sorted(range(len(grid.labels)), key=grid.labels.__getitem__), dtype=np.int64)
    grid = grid.rows(order)
    return Matrix(steps.times, grid.labels, grid.values, grid.present)


def raw_matrix(given: Sequence[Given], end: int, length: int, limits: Limits) -> RawMatrix:
    """The samples themselves, from `end - length` to `end`, both included."""
    series, held = [], 0
    for one in given:
        for _, labels, times, values in _series(one):
            span = slice(*times.searchsorted([end - length, end + 1]))
            if span.stop > span.start:
                series.append(Series(labels, times[span], values[span]))
                held += int(span.stop - span.start)
        limits.spend(held)
    return RawMatrix(sorted(series, key=lambda one: one.labels))


def _series(one: Given) -> Iterator[tuple[int, Labels, IntArray, FloatArray]]:
    if isinstance(one, Later):
        return chain.from_iterable(some.series() for some in one.fetch())
    return one.series()
