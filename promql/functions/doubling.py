"""Folds over windows by doubling: what 1, 2, 4, 8... neighbours come to, each from two of the half as wide.

A window is put together from such blocks: two that overlap where that does no harm (max, min), else one for
each bit of its length. All windows together cost a few passes over the samples, however much they overlap,
and errors grow with the logarithm of a window's length.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeAlias

import numpy as np

from promql.functions.windows import Windows
from promql.model.types import AnyArray, FloatArray

_EXACT: Final = 2.0**53


def overlapping(windows: Windows, join: Callable[[FloatArray, FloatArray], FloatArray]) -> FloatArray:
    """Fold by a function for which `join(x, x)` is x: `float64[S, K]`."""
    out = np.zeros(windows.shape)
    power = np.frexp(np.maximum(windows.count, 1).astype(np.float64))[1] - 1
    level, width = windows.values, 1
    for p in range(int(power.max(initial=0)) + 1):
        if p:
            level = join(level[..., :-width], level[..., width:])
            width *= 2
        some = (power == p) & (windows.count > 0)
        if some.any():
            left = windows.gathered(level, windows.lo, some)
            out[windows.picked(some)] = join(left, windows.gathered(level, windows.hi - width, some))
    return out


def sums(windows: Windows) -> FloatArray:
    """The sum of each window as Kahan's method has it, which is the exact one but for the last digit."""
    values = windows.values
    if np.abs(values).sum() < _EXACT and np.array_equal(values, np.rint(values)):
        return _whole_sums(windows)
    total, error = _bitwise(windows, (values, np.zeros(values.shape)), _add)
    return np.where(np.isfinite(total), total + error, total)


def moments(windows: Windows) -> tuple[FloatArray, FloatArray]:
    """The mean of each window and the sum of the squared distances from it (0 exactly for equal values)."""
    values = windows.values
    mean, squares = _bitwise(windows, (values, values - values), _pool)
    return mean, squares


Parts: TypeAlias = tuple[FloatArray, FloatArray]
"""What a run of samples comes to, in two numbers."""

Join: TypeAlias = Callable[[Parts, Parts, AnyArray | int, int], Parts]
"""Two runs made one; their lengths follow them."""


def _add(a: Parts, b: Parts, _left: AnyArray | int, _right: int) -> Parts:
    """Sums with the error of each addition kept beside them."""
    total = a[0] + b[0]
    back = total - a[0]
    return total, a[1] + b[1] + ((a[0] - (total - back)) + (b[0] - back))


def _pool(a: Parts, b: Parts, left: AnyArray | int, right: int) -> Parts:
    """Means and squared distances (Chan, Golub, LeVeque)."""
    apart = b[0] - a[0]
    share = right / (left + right)
    return a[0] + apart * share, a[1] + b[1] + apart * apart * (left * share)


def _whole_sums(windows: Windows) -> FloatArray:
    """Whole numbers this small add up exactly in any order, so here a prefix sum is right."""
    values = windows.values
    running = np.zeros((*values.shape[:-1], values.shape[-1] + 1))
    np.cumsum(values, axis=-1, out=running[..., 1:])
    return windows.take(running, windows.hi) - windows.take(running, windows.lo)


def _bitwise(windows: Windows, level: Parts, join: Join) -> Parts:
    """Put each window together from one block for each bit of its length, beginning at its start."""
    out = (np.zeros(windows.shape), np.zeros(windows.shape))
    place, width = windows.lo, 1
    while True:
        some = (windows.count & width) > 0
        if some.any():
            so_far = (windows.count & (width - 1))[some]
            block = (windows.gathered(level[0], place, some), windows.gathered(level[1], place, some))
            picked = windows.picked(some)
            joined = join((out[0][picked], out[1][picked]), block, so_far, width)
            for whole, fresh, grown in zip(out, block, joined, strict=True):
                whole[picked] = np.where(so_far == 0, fresh, grown)
        place = place + np.where(some, width, 0)
        if width * 2 > windows.count.max(initial=0):
            return out
        left = level[0][..., :-width], level[1][..., :-width]
        level = join(left, (level[0][..., width:], level[1][..., width:]), width, width)
        width *= 2
