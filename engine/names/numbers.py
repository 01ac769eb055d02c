"""Arrays that grow.

Law: growing replaces the array and never moves what is in it, so a reader in another thread that holds the
old array still reads true values.
"""

from __future__ import annotations

from typing import Final, Generic, TypeVar

import numpy as np

from promql.model.types import AnyArray, FloatArray, IntArray

NEVER: Final = int(np.iinfo(np.int64).min)
"""The time of the last sample of a series that has none."""

A = TypeVar("A", bound=AnyArray)


def enlarged(array: A, size: int, fill: float) -> A:
    """The array at twice its length, or `size` where that is more; the new places hold `fill`."""
    out = np.full(max(size, 2 * len(array), 16), fill, array.dtype)
    out[: len(array)] = array
    return out  # type: ignore[return-value]


def any_nan(values: FloatArray) -> bool:
    """Whether there is a NaN. (`any` takes three times as long as counting, for the short rows of a target.)"""
    return bool(np.count_nonzero(np.isnan(values)))


class Growing(Generic[A]):
    """One value a number, `fill` where none was set. Read `array` freely up to the highest number reserved."""

    __slots__ = ("_fill", "array")

    def __init__(self, empty: A, fill: float) -> None:
        self.array = empty
        self._fill = fill

    def reserve(self, size: int) -> None:
        if size > len(self.array):
            self.array = enlarged(self.array, size, self._fill)


def growing_ints(fill: int) -> Growing[IntArray]:
    return Growing(np.empty(0, np.int64), fill)


def growing_floats(fill: float) -> Growing[FloatArray]:
    return Growing(np.empty(0, np.float64), fill)
