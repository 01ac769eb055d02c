"""Arrays as planes of bytes, so that bytes alike lie together, in one run of bytes."""

from __future__ import annotations

import numpy as np

from promql.model.types import AnyArray


def planes(numbers: AnyArray) -> bytes:
    """The lowest bytes of all numbers, then the next ones, and so on."""
    flat = np.ascontiguousarray(numbers)
    if flat.dtype.itemsize == 1:
        return flat.tobytes()
    return flat.view(np.uint8).reshape(-1, flat.dtype.itemsize).T.tobytes()


class Reader:
    """Takes arrays off the front of a run of bytes."""

    def __init__(self, data: AnyArray) -> None:
        self._data = data
        self._at = 0

    def take(self, dtype: str, count: int) -> AnyArray:
        """So many numbers that were put in planes."""
        kind = np.dtype(dtype)
        end = self._at + kind.itemsize * count
        part, self._at = self._data[self._at : end], end
        if kind.itemsize == 1:
            return part.view(kind)
        return np.ascontiguousarray(part.reshape(kind.itemsize, count).T).view(kind).reshape(count)

    def rest(self) -> AnyArray:
        return self._data[self._at :]
