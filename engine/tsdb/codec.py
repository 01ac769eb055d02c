"""Numbers to bytes and back: the one place that knows how sealed samples are encoded.

Each column is XORed with its own previous row, so that what stays the same becomes zero; the bytes are put in
planes, so that bytes alike lie together; deflate at its fastest does the rest. Every bit comes back, NaN payloads
too. The first byte names the encoding: another one can be added beside it.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from isal import isal_zlib

from engine.tsdb.errors import DamagedError
from promql.model.types import FloatArray, IntArray

XOR_PLANES: Final = 1
_LEVEL: Final = 1


def encode(block: FloatArray) -> bytes:
    """A block of columns, float64[S, T]."""
    bits = np.ascontiguousarray(block).view(np.uint64)
    changes = bits.copy()
    changes[:, 1:] ^= bits[:, :-1]
    planes = np.ascontiguousarray(changes.view(np.uint8).reshape(-1, 8).T)
    return bytes([XOR_PLANES]) + deflated(planes.tobytes())


def decode(data: bytes | memoryview, columns: int, rows: int) -> FloatArray:
    """The block that was encoded. Raises DamagedError for an encoding that this release does not know."""
    if data[0] != XOR_PLANES:
        raise DamagedError(f"unknown encoding {data[0]} of samples: use the release that wrote them")
    planes = np.frombuffer(inflated(data[1:]), np.uint8).reshape(8, -1)
    changes = np.ascontiguousarray(planes.T).view(np.uint64).reshape(columns, rows)
    return np.bitwise_xor.accumulate(changes, axis=1).view(np.float64)


def encode_times(times: IntArray) -> bytes:
    """Any whole numbers in which neighbours are alike."""
    return deflated(np.diff(times, prepend=0).astype(np.int64).tobytes())


def decode_times(data: bytes | memoryview) -> IntArray:
    return np.cumsum(np.frombuffer(inflated(data), np.int64))


def deflated(data: bytes | memoryview) -> bytes:
    """Zlib's form, at the least effort: four times as fast as zlib itself."""
    packed: bytes = isal_zlib.compress(data, _LEVEL)
    return packed


def inflated(data: bytes | memoryview) -> bytes:
    """The opposite."""
    plain: bytes = isal_zlib.decompress(data)
    return plain
