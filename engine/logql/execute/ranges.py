"""Range aggregations: samples of each series, in windows (t - range, t], to one value a step.

Edges of windows are found by bisection, for a run of series at a time so that tables stay small. Sums and the like are
those of promql, over the flat layout of its Windows.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Final, TypeAlias

import numpy as np

from engine.logql.errors import QueryError
from engine.logql.execute.context import MS, SECOND, Context, Steps
from engine.logql.execute.samples import Samples, samples
from engine.logql.syntax.ast import Grouping, RangeAggregation
from promql.functions import counters, overtime
from promql.functions.presence import absent
from promql.functions.windows import Answer, Windows
from promql.model.grid import Grid
from promql.model.labels import Labels
from promql.model.matchers import MatchOp
from promql.model.types import FloatArray, IntArray

_CELLS: Final = 1 << 19

Kernel: TypeAlias = Callable[[Windows, Sequence[FloatArray]], Answer]


def _first(windows: Windows, _args: Sequence[FloatArray]) -> Answer:
    return windows.take(windows.values, windows.first), windows.holding(1)


def _rate_counter(windows: Windows, args: Sequence[FloatArray]) -> Answer:
    """Nothing changes in a window of a single sample."""
    values, enough = counters.rate(windows, args)
    return np.where(enough, values, 0.0), windows.holding(1)


KERNELS: Final[Mapping[str, Kernel]] = MappingProxyType(
    {
        "avg_over_time": overtime.average,
        "first_over_time": _first,
        "last_over_time": overtime.last,
        "max_over_time": overtime.largest,
        "min_over_time": overtime.smallest,
        "quantile_over_time": overtime.quantile_of,
        "rate_counter": _rate_counter,
        "stddev_over_time": overtime.deviation,
        "stdvar_over_time": overtime.variance,
        "sum_over_time": overtime.total,
    }
)
"""Of values that were unwrapped; counts, sizes and their rates need no kernel."""


def ranged(
    context: Context, expr: RangeAggregation, grouping: Grouping | None, steps: Steps, *, told: bool = False
) -> Grid:
    """Series in the order of their labels. `grouping` may come from an aggregation around this one. Where all series
    are `told` as they are, too many are refused as soon as they are met.

    Raises ParseError, QueryError.
    """
    if expr.op == "absent_over_time":
        grouping = Grouping(())
    ends = steps.times - expr.offset
    gapless = steps.count == 1 or steps.step <= expr.range  # else some series may be in no window
    most = context.max_series if told and gapless and expr.op != "absent_over_time" else None
    found = samples(context, expr, grouping, int(ends[0]) - expr.range, int(ends[-1]), most=most)
    if len(found.labels) * steps.count > context.max_cells:
        raise QueryError(
            f"the query would hold {len(found.labels)} series at {steps.count} steps; "
            "ask for fewer labels (sum by), fewer steps, or a shorter time"
        )
    grid = _grid(context, expr, found, ends)
    return absent(grid, _equalities(expr)) if expr.op == "absent_over_time" else grid


def _equalities(expr: RangeAggregation) -> Labels:
    return Labels.of((one.name, one.value) for one in expr.log.matchers if one.op is MatchOp.EQUAL)


def _grid(context: Context, expr: RangeAggregation, found: Samples, ends: IntArray) -> Grid:
    shape = (len(found.labels), len(ends))
    values, present = np.zeros(shape), np.zeros(shape, np.bool_)
    run = max(_CELLS // shape[1], 1)
    with np.errstate(all="ignore"):
        for low in range(0, shape[0], run):
            context.pause()
            some = slice(low, min(low + run, shape[0]))
            values[some], present[some] = _some(expr, found, ends, some)
    return Grid(found.labels, values, present)


def _some(expr: RangeAggregation, found: Samples, ends: IntArray, some: slice) -> Answer:
    """Of some of the series: `float64[S, K]`, `bool[S, K]`."""
    edges = np.stack([ends - expr.range, ends])
    lo, hi = np.empty((2, some.stop - some.start, len(ends)), np.int64)
    for row, series in enumerate(range(some.start, some.stop)):
        begin, stop = found.offsets[series], found.offsets[series + 1]
        lo[row], hi[row] = begin + found.times[begin:stop].searchsorted(edges, side="right")
    if expr.op in KERNELS:
        windows = _windows(expr, found, ends, lo, hi)
        args = () if expr.param is None else (np.full(len(ends), expr.param),)
        return KERNELS[expr.op](windows, args)
    total = _total(expr, found, ends, lo, hi)
    if expr.op in ("rate", "bytes_rate"):
        total = total / (expr.range / SECOND)
    return total, hi > lo


def _total(expr: RangeAggregation, found: Samples, ends: IntArray, lo: IntArray, hi: IntArray) -> FloatArray:
    if found.values is None:
        return (hi - lo).astype(np.float64)
    if expr.log.unwrap is not None:
        return overtime.total(_windows(expr, found, ends, lo, hi), ())[0]
    sizes = np.concatenate([[0], np.cumsum(found.values.astype(np.int64))])
    total: FloatArray = (sizes[hi] - sizes[lo]).astype(np.float64)
    return total


def _windows(expr: RangeAggregation, found: Samples, ends: IntArray, lo: IntArray, hi: IntArray) -> Windows:
    values = found.values if found.values is not None else np.ones(len(found.times))
    ends_ms = ends // MS
    length = max(expr.range // MS, 1)
    return Windows(found.times // MS, values, lo, hi, ends_ms, length, ends_ms, found.offsets[1:-1])
