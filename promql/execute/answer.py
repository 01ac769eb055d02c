"""Grids and panels made answers."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from promql.execute.limits import Limits
from promql.model.grid import Grid, Steps, Value
from promql.model.labels import EMPTY
from promql.model.panel import Panel
from promql.model.results import Matrix, RawMatrix, Series, Vector


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


def raw_matrix(panels: Sequence[Panel], end: int, length: int, limits: Limits) -> RawMatrix:
    """The samples themselves, from `end - length` to `end`, both included."""
    spans = [slice(*panel.times.searchsorted([end - length, end + 1])) for panel in panels]
    limits.spend(sum((span.stop - span.start) * len(panel.refs) for panel, span in zip(panels, spans, strict=True)))
    series = [
        Series(labels, panel.times[span], row)
        for panel, span in zip(panels, spans, strict=True)
        if span.stop > span.start
        for labels, row in zip(panel.labels, panel.values[:, span], strict=True)
    ]
    return RawMatrix(sorted(series, key=lambda one: one.labels))
