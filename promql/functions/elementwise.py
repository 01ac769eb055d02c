"""Functions of one value at a time. All drop the metric's name; scalar arguments come as one number a step."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias

import numpy as np

from promql.model.grid import Grid, Value, merged
from promql.model.rows import without_names
from promql.model.types import FloatArray, IntArray

Math: TypeAlias = Callable[..., FloatArray]
"""Values `[S, T]`, then scalar arguments `[T]`; values of the same shape."""

GridCall: TypeAlias = Callable[[IntArray, Sequence[Value]], Value]
"""A function over grids: the instants of evaluation (Unix ms, `int64[T]`), then its arguments."""


def each(math: Math) -> GridCall:
    """The function over grids that does this to every value."""

    def call(_times: IntArray, args: Sequence[Value]) -> Value:
        grid, *scalars = args
        assert isinstance(grid, Grid)
        return nameless(grid, math(grid.values, *scalars))

    return call


def nameless(grid: Grid, values: FloatArray) -> Grid:
    """New values for the same cells, without metric names. Raises EvaluationError where two rows become one."""
    return merged(Grid(without_names(grid.labels), values, grid.present))


def sign(values: FloatArray) -> FloatArray:
    """-1, 1, or the value itself: zero or NaN."""
    return np.where(values < 0, -1.0, np.where(values > 0, 1.0, values))


def clamp_min(values: FloatArray, low: FloatArray) -> FloatArray:
    """NaN where either is, except that an infinite bound beats it, as in Go."""
    return np.where(low == np.inf, np.inf, np.where(values == np.inf, np.inf, np.maximum(values, low)))


def clamp_max(values: FloatArray, high: FloatArray) -> FloatArray:
    """The same from above."""
    return -clamp_min(-values, -high)


def clamp(_times: IntArray, args: Sequence[Value]) -> Value:
    """Nothing where the lower bound is above the upper."""
    grid, low, high = args
    assert isinstance(grid, Grid)
    assert isinstance(low, np.ndarray)
    assert isinstance(high, np.ndarray)
    here = Grid(grid.labels, grid.values, grid.present & ~(high < low))
    return nameless(here, clamp_min(clamp_max(grid.values, high), low))


def round_to(values: FloatArray, to: FloatArray | float = 1.0) -> FloatArray:
    """To the nearest multiple, halves upwards."""
    inverse = 1.0 / np.asarray(to, dtype=np.float64)
    return np.floor(values * inverse + 0.5) / inverse


def degrees(values: FloatArray) -> FloatArray:
    return values * 180 / np.pi


def radians(values: FloatArray) -> FloatArray:
    return values * np.pi / 180
