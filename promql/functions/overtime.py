"""The `*_over_time` family: one value for what a window holds."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from promql.functions.doubling import moments, overlapping, sums
from promql.functions.quantiles import quantile
from promql.functions.windows import Answer, Windows
from promql.model.staleness import is_stale
from promql.model.types import FloatArray

_SHRINK = 2.0**-64


def last(windows: Windows, _args: Sequence[FloatArray]) -> Answer:
    return windows.take(windows.values, windows.last), windows.holding(1)


def newest(windows: Windows, _args: Sequence[FloatArray]) -> Answer:
    """An instant selector: the newest sample within the lookback; a stale marker there means none."""
    values = windows.take(windows.values, windows.last)
    return values, windows.holding(1) & ~is_stale(values)


def newest_time(windows: Windows, args: Sequence[FloatArray]) -> Answer:
    """When that sample was taken, in seconds: `timestamp` of a plain selector."""
    values, there = newest(windows, args)
    return np.broadcast_to(windows.times_at(windows.last) / 1000, values.shape), there


def count(windows: Windows, _args: Sequence[FloatArray]) -> Answer:
    return np.broadcast_to(windows.count.astype(np.float64), windows.shape), windows.holding(1)


def present(windows: Windows, _args: Sequence[FloatArray]) -> Answer:
    return np.ones(windows.shape), windows.holding(1)


def largest(windows: Windows, _args: Sequence[FloatArray]) -> Answer:
    """NaN only where there is nothing else."""
    return overlapping(windows, np.fmax), windows.holding(1)


def smallest(windows: Windows, _args: Sequence[FloatArray]) -> Answer:
    """NaN only where there is nothing else."""
    return overlapping(windows, np.fmin), windows.holding(1)


def total(windows: Windows, _args: Sequence[FloatArray]) -> Answer:
    return sums(windows), windows.holding(1)


def average(windows: Windows, _args: Sequence[FloatArray]) -> Answer:
    """A mean of finite samples is finite, also where their sum is not."""
    whole = sums(windows)
    mean = whole / windows.count
    finite = np.isfinite(whole)
    if not finite.all():
        mean = np.where(finite, mean, sums(windows.scaled(_SHRINK)) / windows.count / _SHRINK)
    return mean, windows.holding(1)


def variance(windows: Windows, _args: Sequence[FloatArray]) -> Answer:
    """Of the population; NaN where squares are too large for a number."""
    squares = moments(windows)[1]
    return np.where(np.isinf(squares), np.nan, squares) / windows.count, windows.holding(1)


def deviation(windows: Windows, args: Sequence[FloatArray]) -> Answer:
    """Of the population."""
    values, there = variance(windows, args)
    return np.sqrt(values), there


def quantile_of(windows: Windows, args: Sequence[FloatArray]) -> Answer:
    out = np.empty(windows.shape)
    for part, block in windows.blocks():
        index, filled = block.contents()
        out[:, part] = quantile(args[0][part], block.lay_out(index), filled)
    return out, windows.holding(1)


def median_deviation(windows: Windows, _args: Sequence[FloatArray]) -> Answer:
    """The median distance from the median; NaN where a sample is."""
    out, half = np.empty(windows.shape), np.full(windows.shape[1], 0.5)
    for part, block in windows.blocks():
        index, filled = block.contents()
        cells, filled = block.lay_out(index), np.broadcast_to(filled, (*block.shape, filled.shape[-1]))
        away = np.abs(cells - quantile(half[part], cells, filled)[..., None])
        odd = (np.isnan(cells) & filled).any(axis=-1)
        out[:, part] = np.where(odd, np.nan, quantile(half[part], away, filled))
    return out, windows.holding(1)
