"""Lines and trends through the samples of a window."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from promql.errors import EvaluationError
from promql.functions.windows import Answer, Windows
from promql.model.numbers import special
from promql.model.types import BoolArray, FloatArray, IntArray


def deriv(windows: Windows, _args: Sequence[FloatArray]) -> Answer:
    """The slope per second of the line of least squares."""
    return _by_block(windows, lambda block, _part: _line(block, block.times_at(block.first))[0])


def predict_linear(windows: Windows, args: Sequence[FloatArray]) -> Answer:
    """Where that line will be so many seconds after the instant of evaluation."""

    def predicted(block: Windows, part: slice) -> FloatArray:
        slope, level = _line(block, block.at[None, :])
        return slope * args[0][part] + level

    return _by_block(windows, predicted)


def holt_winters(windows: Windows, args: Sequence[FloatArray]) -> Answer:
    """Double exponential smoothing: the level after the last sample.

    Each sample's level rests on the one before, so this walks along the windows, all of them at once.
    """
    _check_factors(windows, *args)
    smoothing, trending = args
    older, level = np.zeros(windows.shape), windows.take(windows.values, windows.first)
    trend = windows.take(windows.values, np.minimum(windows.lo + 1, windows.values.shape[-1] - 1)) - level
    for i in range(1, int(windows.count.max(initial=0))):
        value = windows.take(windows.values, np.minimum(windows.lo + i, windows.values.shape[-1] - 1))
        going = windows.count > i
        if i > 1:
            trend = np.where(going, trending * (level - older) + (1 - trending) * trend, trend)
        fresh = smoothing * value + (1 - smoothing) * (level + trend)
        older, level = np.where(going, level, older), np.where(going, fresh, level)
    return level, windows.holding(2)


def _check_factors(windows: Windows, smoothing: FloatArray, trending: FloatArray) -> None:
    asked = np.broadcast_to(windows.holding(1), windows.shape).any(axis=0)
    for name, letters, factor in (("smoothing", "sf", smoothing), ("trend", "tf", trending)):
        for wrong in factor[asked & ((factor <= 0) | (factor >= 1))][:1].tolist():
            text = special(wrong) or f"{wrong:f}"
            raise EvaluationError(f"invalid {name} factor. Expected: 0 < {letters} < 1, got: {text}")


def _by_block(windows: Windows, of_block: Callable[[Windows, slice], FloatArray]) -> Answer:
    out = np.empty(windows.shape)
    for part, block in windows.blocks():
        out[:, part] = of_block(block, part)
    return out, windows.holding(2)


def _line(windows: Windows, origin: IntArray) -> tuple[FloatArray, FloatArray]:
    """Slope, and level at the origin (Unix ms, `[1 or S, K]`). Equal samples have slope 0, equal infinite ones NaN."""
    index, filled = windows.contents()
    n = windows.count
    x = np.where(filled, (windows.times_at(index) - origin[..., None]) / 1000, 0.0)
    y = np.where(filled, windows.lay_out(index), 0.0)
    sum_x, sum_xx, sum_y, sum_xy = _sum(x), _sum(x * x), _sum(y), _sum(x * y)
    slope = (sum_xy - sum_x * sum_y / n) / (sum_xx - sum_x * sum_x / n)
    level = sum_y / n - slope * sum_x / n
    flat, first = _is_flat(y, filled)
    slope = np.where(flat, np.where(np.isinf(first), np.nan, 0.0), slope)
    return slope, np.where(flat, np.where(np.isinf(first), np.nan, first), level)


def _is_flat(y: FloatArray, filled: BoolArray) -> tuple[BoolArray, FloatArray]:
    first = y[..., 0]
    same = (y == first[..., None]) | ~filled
    same[..., 0] = True
    return same.all(axis=-1), first


def _sum(cells: FloatArray) -> FloatArray:
    """Along the last axis, by halves, the error of each addition kept: what Kahan's method gives."""
    error = np.zeros(cells.shape[:-1])
    while (width := cells.shape[-1]) > 1:
        half = width // 2
        a, b = cells[..., :half], cells[..., half : 2 * half]
        joined = a + b
        back = joined - a
        error += ((a - (joined - back)) + (b - back)).sum(axis=-1)
        cells = np.concatenate([joined, cells[..., 2 * half :]], axis=-1)
    return cells[..., 0] + error
