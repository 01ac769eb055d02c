"""Vectors, scalars, and whether there is anything at all; order and time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import numpy as np

from promql.functions.elementwise import GridCall, nameless
from promql.model.grid import Grid, Value
from promql.model.labels import EMPTY, Labels
from promql.model.types import FloatArray, IntArray


def absent(grid: Grid, labels: Labels) -> Grid:
    """One series with these labels and the value 1, at the steps where the grid has no value."""
    present = np.logical_not(grid.present.any(axis=0))[None, :]
    return Grid([labels], np.ones(present.shape), present)


def scalar(_times: IntArray, args: Sequence[Value]) -> Value:
    """The value of the only element, NaN where there are more or none."""
    grid = cast("Grid", args[0])
    alone = grid.present.sum(axis=0) == 1
    return np.where(alone, np.where(grid.present, grid.values, 0.0).sum(axis=0), np.nan)


def vector(_times: IntArray, args: Sequence[Value]) -> Value:
    values = cast("FloatArray", args[0])[None, :]
    return Grid([EMPTY], values, np.ones(values.shape, dtype=np.bool_))


def time(times: IntArray, _args: Sequence[Value]) -> Value:
    return times / 1000


def pi(times: IntArray, _args: Sequence[Value]) -> Value:
    return np.full(times.shape, np.pi)


def timestamp(times: IntArray, args: Sequence[Value]) -> Value:
    """Of anything but a plain selector: the instant of evaluation."""
    grid = cast("Grid", args[0])
    return nameless(grid, np.broadcast_to(times / 1000, grid.values.shape))


def named_away(_times: IntArray, args: Sequence[Value]) -> Value:
    """The same without metric names."""
    grid = cast("Grid", args[0])
    return nameless(grid, grid.values)


def nothing(times: IntArray, _args: Sequence[Value]) -> Value:
    """What the functions of native histograms make of floats."""
    return Grid.empty(len(times))


def sort(*, descending: bool) -> GridCall:
    """By value, NaN last. Only the answer to an instant query has an order to speak of."""

    def call(_times: IntArray, args: Sequence[Value]) -> Value:
        grid = cast("Grid", args[0])
        if grid.values.shape[1] != 1:
            return grid
        values = grid.values[:, 0]
        return grid.rows(np.argsort(-values if descending else values, kind="stable"))

    return call
