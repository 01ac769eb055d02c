"""Stripes as format 2 of the files of parts had them: XOR of neighbours, planes of bytes, deflate. Only read."""

from __future__ import annotations

from typing import Final

import numpy as np

from engine.foundation.errors import DamagedError
from engine.tsdb.codec.deflate import inflated
from promql.model.types import FloatArray, IntArray

XOR_PLANES: Final = 1
STRIPE: Final = 64
"""Columns in a stripe at least; of ragged parts exactly."""
_FEW_ROWS: Final = 64
_CELLS: Final = 16_384


def width(rows: int) -> int:
    """Columns in a stripe of a table with so many rows."""
    return STRIPE if rows >= _FEW_ROWS else max(STRIPE, _CELLS // rows)


def decode(data: bytes | memoryview, columns: int, rows: int) -> FloatArray:
    """The block that was encoded: float64[S, T]. Raises DamagedError for an encoding that is none of format 2."""
    if data[0] != XOR_PLANES:
        raise DamagedError(f"unknown encoding {data[0]} of samples: use the release that wrote them")
    planes = np.frombuffer(inflated(data[1:]), np.uint8).reshape(8, -1)
    changes = np.ascontiguousarray(planes.T).view(np.uint64).reshape(columns, rows)
    return np.bitwise_xor.accumulate(changes, axis=1).view(np.float64)


def decode_times(data: bytes | memoryview) -> IntArray:
    return np.cumsum(np.frombuffer(inflated(data), np.int64))
