"""NaNs that carry meaning.

A stale marker says that a series has ended; it is told from other NaNs by its bits alone. Every NaN that
comes in and is no stale marker is made the ordinary one first, so that a third NaN can mean "no sample here"
inside tables. (The bit patterns of the first two are Prometheus's.)
"""

from __future__ import annotations

from typing import Final

import numpy as np

from promql.model.types import BoolArray, FloatArray

NORMAL_BITS: Final = np.uint64(0x7FF8000000000001)
STALE_BITS: Final = np.uint64(0x7FF0000000000002)
ABSENT_BITS: Final = np.uint64(0x7FF0000000000003)

NORMAL_NAN: Final = NORMAL_BITS.view(np.float64)
STALE_NAN: Final = STALE_BITS.view(np.float64)
ABSENT_NAN: Final = ABSENT_BITS.view(np.float64)


def is_stale(values: FloatArray) -> BoolArray:
    """Where stale markers stand; any shape."""
    return np.equal(np.ascontiguousarray(values).view(np.uint64), STALE_BITS)


def is_absent(values: FloatArray) -> BoolArray:
    """Where a table has no sample; any shape."""
    return np.equal(np.ascontiguousarray(values).view(np.uint64), ABSENT_BITS)


def normalise(values: FloatArray) -> FloatArray:
    """The same values with every NaN but stale markers made the ordinary one; a copy only where needed."""
    odd = np.isnan(values) & ~is_stale(values)
    if not odd.any():
        return values
    out = values.copy()
    out[odd] = NORMAL_NAN
    return out
