"""What was decoded lately, up to so many bytes."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Hashable

from promql.model.types import AnyArray


class ArrayCache:
    """Arrays that nobody writes, by key; the one that was not asked for longest goes first. For any thread."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._size = 0
        self._arrays: OrderedDict[Hashable, tuple[AnyArray, ...]] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: Hashable) -> tuple[AnyArray, ...] | None:
        with self._lock:
            found = self._arrays.get(key)
            if found is not None:
                self._arrays.move_to_end(key)
            return found

    def put(self, key: Hashable, arrays: tuple[AnyArray, ...]) -> None:
        with self._lock:
            if key in self._arrays:
                return
            self._arrays[key] = arrays
            self._size += _bytes(arrays)
            while self._size > self._limit and self._arrays:
                _, gone = self._arrays.popitem(last=False)
                self._size -= _bytes(gone)


def _bytes(arrays: tuple[AnyArray, ...]) -> int:
    return sum(array.nbytes for array in arrays)
