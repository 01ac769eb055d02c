"""Columns whose values are whole numbers, or become so by a power of ten, told from true floating point.

Law: a scale is taken only if each value comes back bit for bit, -0.0 and what lies beyond 2^53 excluded. Two ways back
are tried, since exporters have two ways to come by such a value: a decimal text or a division gives `whole / 10^k`, a
count of milliseconds times 0.001 gives `whole * 10^-k` (3.0100000000000002).

A few values of each column say which scale is the least that could do, all of them decide; where they say no, those
that said it are asked too.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from promql.model.types import BoolArray, FloatArray, IntArray

_POWERS: Final = 16
DIVISORS: Final = np.array([float(f"1e{k}") for k in range(_POWERS)] + [1.0] * _POWERS)
"""By scale: what a whole number is divided by. Scales from 16 on multiply."""
FACTORS: Final = np.array([1.0] * _POWERS + [float(f"1e-{k}") for k in range(_POWERS)])
_UP: Final = np.tile(DIVISORS[:_POWERS], 2)
_TRIED: Final = np.array([scale for k in range(1, _POWERS) for scale in (k, k + _POWERS)])
_EXACT: Final = float(2**53)
_PROBES: Final = 4
_ROUNDS: Final = 4


def whole_numbers(values: FloatArray) -> tuple[IntArray, IntArray, IntArray]:
    """Of `values: float64[S, T]` without NaN: the columns that are whole numbers on a scale, their scales, and the
    numbers: int64[N], int64[N], int64[N, T].
    """
    columns, rows = values.shape
    found = np.zeros(columns, np.bool_)
    scales, wholes = np.zeros(columns, np.int64), np.empty((columns, rows), np.int64)
    left, probes = np.arange(columns), values[:, np.linspace(0, rows - 1, _PROBES).astype(np.int64)]
    with np.errstate(over="ignore", invalid="ignore"):
        for _ in range(_ROUNDS):
            guess = _least(probes)
            left, probes, guess = left[guess >= 0], probes[guess >= 0], guess[guess >= 0]
            if not len(left):
                break
            some = values if len(left) == columns else values[left]
            numbers, good = _scaled(some, guess[:, None])
            fits = good.all(axis=1)
            done = left[fits]
            found[done], scales[done] = True, guess[fits]
            if len(done) == columns:
                return left, scales, numbers
            wholes[done] = numbers[fits]
            wrong = (~good[~fits]).argmax(axis=1)
            left, probes = left[~fits], probes[~fits]
            probes = np.column_stack([probes, values[left, wrong]])
    chosen = np.flatnonzero(found)
    return chosen, scales[chosen], wholes[chosen]


def unscale(values: FloatArray, scales: IntArray) -> None:
    """Turn whole numbers back into values, in place; the shapes of the two broadcast."""
    if not scales.any():
        return
    divisors, factors = DIVISORS[scales], FACTORS[scales]
    if (divisors != 1.0).any():
        values /= divisors
    if (factors != 1.0).any():
        values *= factors


def _least(probes: FloatArray) -> IntArray:
    """The first scale that does for some values of each column; -1 where none does."""
    out = np.where((probes == np.rint(probes)).all(axis=1), 0, -1)
    left = np.flatnonzero(out < 0)
    if len(left):
        good = _scaled(probes[left], _TRIED[:, None, None])[1].all(axis=2)
        out[left] = np.where(good.any(axis=0), _TRIED[good.argmax(axis=0)], -1)
    return out


def _scaled(values: FloatArray, scales: IntArray) -> tuple[IntArray, BoolArray]:
    """The whole numbers of these values, and which of them lead back to the same bits."""
    near = np.rint(values * _UP[scales] if scales.any() else values)
    wholes = near.astype(np.int64)
    back = wholes.astype(np.float64)
    unscale(back, scales)
    good: BoolArray = back.view(np.int64) == values.view(np.int64)
    good &= np.abs(near) < _EXACT
    return wholes, good
