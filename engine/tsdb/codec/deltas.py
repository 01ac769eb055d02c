"""Whole numbers as small ones: of each column what is left over after a base, a slope, and neighbours were taken away.

    number[i] = base + slope * i + (left summed up `order` times)[i] * 2^shift

Order 0 keeps values (near a typical one), 1 their steps, 2 the changes of steps; a guess from a few dozen places of
each column chooses. All arithmetic is that of 64-bit integers that wrap around, so it is exact for any number.
Negative leftovers are folded between the positive ones (0, -1, 1, -2, ...), so that high bytes are zero nearly always.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from msgspec import Struct
from msgspec.structs import replace

from engine.tsdb.codec.layout import is_small
from promql.model.types import AnyArray, IntArray

ORDERS: Final = (0, 1, 2)
_WIDTHS: Final = np.array([1, 2, 4, 8])
_REACHES: Final = np.array([1 << 7, 1 << 15, 1 << 31])
_PLACES: Final = 48


class Leftovers(Struct, frozen=True):
    """Columns of one order: `columns: int64[N]` says which of a block, `left: int64[N, T]` is not folded yet."""

    order: int
    columns: IntArray
    bases: IntArray
    slopes: IntArray
    shifts: IntArray
    left: IntArray
    widths: IntArray


def leftovers(numbers: IntArray) -> list[Leftovers]:
    """By order, the columns of a block: int64[S, T]. Those of a small one are all of order 1 and of one width: a guess
    would be worth nothing there, and fewer kinds are fewer stripes.
    """
    if is_small(*numbers.shape):
        only = _leftovers(1, np.arange(len(numbers)), numbers)
        return [replace(only, widths=np.full_like(only.widths, only.widths.max()))]
    orders = _orders(numbers)
    found = []
    for order in ORDERS:
        columns = np.flatnonzero(orders == order)
        if len(columns):
            some = numbers if len(columns) == len(numbers) else numbers[columns]
            found.append(_leftovers(order, columns, some))
    return found


def _orders(numbers: IntArray) -> IntArray:
    at = np.linspace(0, numbers.shape[1] - 3, _PLACES).astype(np.int64)
    values, nexts = numbers[:, at], numbers[:, at + 1]
    steps = nexts - values
    bends = numbers[:, at + 2] - nexts - steps
    values -= _typical(values)[:, None]
    shifts = _shift(steps)[:, None]
    # Order 1 first: between equals it is the one that a change of the level costs least.
    costs = [_size(steps - _typical(steps)[:, None]), _size(values >> shifts), _size(bends >> shifts)]
    out: IntArray = np.array((1, 0, 2))[np.argmin(costs, axis=0)]
    return out


def _typical(numbers: IntArray) -> IntArray:
    middle = numbers.shape[1] // 2
    out: IntArray = np.partition(numbers, middle, axis=1)[:, middle]
    return out


def _size(numbers: IntArray) -> IntArray:
    """About how many bits such numbers take in the mean, in a unit of its own: a float's exponent is a logarithm."""
    logarithms = (np.abs(numbers.astype(np.float64)) + 1.0).view(np.int64) >> 20
    out: IntArray = logarithms.sum(axis=1)
    return out


def _leftovers(order: int, columns: IntArray, numbers: IntArray) -> Leftovers:
    bases, slopes = numbers[:, 0].copy(), np.zeros(len(numbers), np.int64)
    if order == 0:
        bases = _typical(numbers[:, :: max(1, numbers.shape[1] // _PLACES)])
        left = numbers - bases[:, None]
    else:
        left = np.zeros_like(numbers)
        np.subtract(numbers[:, 1:], numbers[:, :-1], out=left[:, 1:])
    if order == 2:
        slopes = left[:, 1].copy()
        left[:, 2:] = np.diff(left[:, 1:], axis=1)
        left[:, 1] = 0
    shifts = _shift(left)
    widths = _widths(left)
    if order == 1 and (wide := np.flatnonzero(widths > 1)).size:
        steps = left[wide]
        typical = _typical(steps[:, 1 :: max(1, steps.shape[1] // _PLACES)])
        steps[:, 1:] -= typical[:, None]
        left[wide], slopes[wide], widths[wide] = steps, typical << shifts[wide], _widths(steps)
    return Leftovers(order, columns, bases, slopes, shifts, left, widths)


def _shift(left: IntArray) -> IntArray:
    """Divide each column by the largest power of two that divides all of it, in place; by which."""
    every = np.bitwise_or.reduce(left, axis=1)
    lowest = (every & -every).view(np.uint64)
    shifts: IntArray = np.log2(np.maximum(lowest, 1).astype(np.float64)).astype(np.int64)
    if shifts.any():
        left >>= shifts[:, None]
    return shifts


def _widths(left: IntArray) -> IntArray:
    """Bytes that the numbers of each column take once they are folded: 1, 2, 4 or 8."""
    least, most = left.min(axis=1), left.max(axis=1)
    reach = np.maximum(most, ~least)
    out: IntArray = _WIDTHS[_REACHES.searchsorted(reach, "right")]
    return out


def folded(left: IntArray, width: int) -> AnyArray:
    """Numbers of one width as unsigned ones of that width; single bytes stay as they are, for they have no high one."""
    if width == 1:
        return left.astype(np.int8).view(np.uint8)
    return ((left << 1) ^ (left >> 63)).astype(f"<u{width}")


def summed(order: int, left: AnyArray, bases: IntArray, slopes: IntArray, shifts: IntArray) -> IntArray:
    """The numbers again, from leftovers of any signed type, unfolded: int64[S, T]."""
    numbers = left.astype(np.int64)
    if shifts.any():
        numbers <<= shifts[:, None]
    if order == 0:
        numbers += bases[:, None]
        return numbers
    # The first steps hold what is the same for all later ones: the sums carry it on.
    numbers[:, 0] = bases
    if order == 2:
        numbers[:, 1:2] = (slopes - bases)[:, None]
        np.add.accumulate(numbers, axis=1, out=numbers)
    elif slopes.any():
        numbers[:, 1:] += slopes[:, None]
    np.add.accumulate(numbers, axis=1, out=numbers)
    return numbers


def unfolded(numbers: AnyArray) -> AnyArray:
    """The opposite of `folded`: signed, in the same width."""
    if numbers.dtype.itemsize == 1:
        return numbers.view(np.int8)
    signed = np.dtype(f"<i{numbers.dtype.itemsize}")
    half: AnyArray = (numbers >> numbers.dtype.type(1)).view(signed)
    half ^= -(numbers & numbers.dtype.type(1)).view(signed)
    return half
