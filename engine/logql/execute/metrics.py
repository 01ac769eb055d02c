"""Metric queries: range aggregations, and on top of them promql's aggregations and operators over grids."""

from __future__ import annotations

from typing import Final

import numpy as np

from engine.logql.errors import QueryError, TooManySeriesError
from engine.logql.execute.context import MS, Context, Steps
from engine.logql.execute.ranges import ranged
from engine.logql.syntax import check
from engine.logql.syntax.ast import (
    Binary,
    Grouping,
    LabelReplace,
    Literal,
    Metric,
    RangeAggregation,
    Sorted,
    Vector,
    VectorAggregation,
)
from promql.errors import EvaluationError
from promql.execute import binary
from promql.execute.choose import extreme
from promql.execute.grouping import Grouping as Groups
from promql.execute.reduce import REDUCTIONS
from promql.functions.presence import sort, vector
from promql.functions.relabelling import label_replace
from promql.model.grid import Grid
from promql.model.labels import EMPTY
from promql.model.results import Matrix
from promql.model.results import Vector as Instant
from promql.model.types import FloatArray

_PUSHED: Final = frozenset(("bytes_over_time", "bytes_rate", "count_over_time", "rate", "sum_over_time"))
"""Sums of these may be summed as lines are read."""
_BEST: Final = {"approx_topk": True, "bottomk": False, "topk": True}


def instant(context: Context, expr: Metric, time: int) -> Instant | float:
    """The value at one instant (ns): series in the order of their labels unless they were sorted, or a bare number.

    Raises ParseError, QueryError.
    """
    value = _evaluated(context, expr, Steps(time, 0, 1))
    if isinstance(value, np.ndarray):
        return float(value[0])
    grid = value.compact()
    _check_series(context, grid)
    if not isinstance(expr, Sorted):
        grid = _by_labels(grid)
    return Instant(time // MS, grid.labels, grid.values[:, 0])


def over_range(context: Context, expr: Metric, steps: Steps) -> Matrix:
    """The values at all steps. Raises ParseError, QueryError."""
    value = _evaluated(context, expr, steps)
    grid = vector((), (value,)) if isinstance(value, np.ndarray) else value  # type: ignore[arg-type]  # times unused
    assert isinstance(grid, Grid)
    grid = _by_labels(grid.compact())
    _check_series(context, grid)
    return Matrix(steps.times // MS, grid.labels, grid.values, grid.present)


def _check_series(context: Context, grid: Grid) -> None:
    if len(grid.labels) > context.max_series:
        raise TooManySeriesError(context.max_series)


def _by_labels(grid: Grid) -> Grid:
    return grid.rows(np.array(sorted(range(len(grid.labels)), key=grid.labels.__getitem__), dtype=np.int64))


def _evaluated(context: Context, expr: Metric, steps: Steps) -> Grid | FloatArray:
    try:
        with np.errstate(all="ignore"):
            return _told(context, expr, steps)
    except EvaluationError as error:
        raise QueryError(str(error)) from None


def _told(context: Context, expr: Metric, steps: Steps) -> Grid | FloatArray:
    """The whole query's value."""
    if isinstance(expr, RangeAggregation):
        return ranged(context, expr, expr.grouping, steps, told=True)
    if isinstance(expr, VectorAggregation):
        return _aggregated(context, expr, steps, told=True)
    return _value(context, expr, steps)


def _value(context: Context, expr: Metric, steps: Steps) -> Grid | FloatArray:
    context.pause()
    match expr:
        case RangeAggregation():
            return ranged(context, expr, expr.grouping, steps)
        case VectorAggregation():
            return _aggregated(context, expr, steps)
        case Sorted(inner, descending):
            grid = _grid(context, inner, steps)
            found = sort(descending=descending)(steps.times, (grid,))
            assert isinstance(found, Grid)
            return found
        case Binary():
            return _binary(context, expr, steps)
        case Literal(value):
            return np.full(steps.count, value)
        case Vector(value):
            return Grid([EMPTY], np.full((1, steps.count), value), np.ones((1, steps.count), np.bool_))
        case LabelReplace(inner, target, replacement, source, pattern):
            args = (_grid(context, inner, steps), target, replacement, source, pattern)
            found = label_replace()(steps.times, args)
            assert isinstance(found, Grid)
            return found


def _grid(context: Context, expr: Metric, steps: Steps) -> Grid:
    """A number counts as a series without labels."""
    value = _value(context, expr, steps)
    if isinstance(value, Grid):
        return value.compact() if steps.count == 1 else value
    return Grid([EMPTY], value[None, :], np.ones((1, steps.count), np.bool_))


def pushed(expr: VectorAggregation) -> Grouping | None:
    """By what lines may be summed as they are read, where they may."""
    inner = expr.expr
    if expr.op == "sum" and isinstance(inner, RangeAggregation) and inner.op in _PUSHED and inner.grouping is None:
        return expr.grouping or Grouping(())
    return None


def _aggregated(context: Context, expr: VectorAggregation, steps: Steps, *, told: bool = False) -> Grid:
    grouping = expr.grouping or Grouping(())
    inner = expr.expr
    if isinstance(inner, RangeAggregation) and (early := pushed(expr)) is not None:
        grid = ranged(context, inner, early, steps, told=told)
    else:
        grid = _grid(context, inner, steps)
    groups = Groups(grouping.labels, without=grouping.without)
    if expr.op in _BEST:
        return extreme(grid, groups, np.full(steps.count, expr.param or 0.0), largest=_BEST[expr.op])
    group_of_row = groups.assign(grid.labels)
    state = REDUCTIONS[expr.op](len(groups), steps.count)
    if len(groups):
        state.add(group_of_row, slice(0, steps.count), grid.values, grid.present)
    return Grid(groups.labels, state.values(), state.count > 0)


def _binary(context: Context, expr: Binary, steps: Steps) -> Grid | FloatArray:
    left, right = _value(context, expr.left, steps), _value(context, expr.right, steps)
    if isinstance(left, np.ndarray) and isinstance(right, np.ndarray):
        return check.computed(expr.op, left, right)
    op, as_bool = expr.op, expr.bool_modifier
    if isinstance(left, np.ndarray):
        assert isinstance(right, Grid)
        return binary.with_scalar(op, _divisor(op, right), left, scalar_left=True, as_bool=as_bool)
    if isinstance(right, np.ndarray):
        return binary.with_scalar(op, left, check.divisor(op, right), scalar_left=False, as_bool=as_bool)
    if op in check.SETS:
        return binary.sets(op, left, right, expr.matching)
    return binary.of_vectors(op, left, _divisor(op, right), expr.matching, as_bool=as_bool)


def _divisor(op: str, grid: Grid) -> Grid:
    return Grid(grid.labels, check.divisor(op, grid.values), grid.present)
