"""Whole numbers as few bytes: lengths of lines, and what passes between them.

A common factor is taken out (clocks of milliseconds count in 1,000,000 ns), then the bytes of alike weight are put
beside each other, which zstd makes small where they are alike.
"""

from __future__ import annotations

import struct
from typing import Final

import numpy as np

from engine.foundation.zstd import compressed, decompressed
from promql.model.types import IntArray

_HEAD: Final = struct.Struct("<QB")


def packed(values: IntArray) -> bytes:
    """Numbers that are not negative."""
    factor = int(np.gcd.reduce(values)) if len(values) else 0
    small = values // factor if factor > 1 else values
    width = (int(small.max()).bit_length() + 7) // 8 if len(values) else 0
    planes = small.astype("<u8", copy=False).view(np.uint8).reshape(-1, 8)[:, :width]
    return _HEAD.pack(max(factor, 1), width) + compressed(planes.T.tobytes())


def unpacked(data: memoryview, count: int) -> IntArray:
    """So many of them."""
    factor, width = _HEAD.unpack_from(data)
    planes = np.frombuffer(decompressed(data[_HEAD.size :]), np.uint8).reshape(width, count)
    found: IntArray = np.zeros(count, np.int64)
    if width:
        found[:] = planes[0]
    for place, plane in enumerate(planes[1:], 1):
        found |= plane.astype(np.int64) << 8 * place
    if factor > 1:
        found *= factor
    return found
