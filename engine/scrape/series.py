"""The series of one target: which column each key of its pages has, and which series were alive last time.

Most scrapes find the same keys as the one before, and the layout then hands over the very same list: nothing is
looked up at all. Other pages cost one dictionary look-up a key, and only new keys are decoded and named.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

import numpy as np
from msgspec import Struct

from promql.model.types import BoolArray, IntArray

DROPPED: Final = -1
_NOTHING: Final = np.empty(0, np.int64)
_SLACK: Final = 1000


class Resolved(Struct, frozen=True, eq=False):
    """The keys of a page as columns: `columns: int64[N]`, -1 where relabelling drops the sample.

    `alive` are the columns that remain, sorted, each once; `distinct` says that none stood there twice; `kept` is
    None where nothing is dropped.
    """

    keys: list[bytes]
    columns: IntArray
    alive: IntArray
    kept: BoolArray | None
    distinct: bool

    @property
    def count(self) -> int:
        """Samples that relabelling leaves."""
        return len(self.columns) if self.kept is None else int(self.kept.sum())


NO_SERIES: Final = Resolved([], _NOTHING, _NOTHING, None, distinct=True)


class SeriesCache:
    """Owned by one target's loop."""

    def __init__(self) -> None:
        self._columns: dict[bytes, int] = {}
        self._last = NO_SERIES
        self._settled: list[bytes] = []
        self._size_when_good = 0

    def __len__(self) -> int:
        return len(self._columns)

    def forget(self, lost: Callable[[IntArray], BoolArray]) -> None:
        """Forget the keys whose columns are lost."""
        columns = np.fromiter(self._columns.values(), np.int64, len(self._columns))
        gone = np.zeros(len(columns), np.bool_)
        named = np.flatnonzero(columns != DROPPED)
        gone[named] = lost(columns[named])
        if gone.any():
            left = zip(self._columns.items(), (~gone).tolist(), strict=True)
            self._columns = {key: column for (key, column), stays in left if stays}
            self._last, self._settled = NO_SERIES, []

    def unknown(self, keys: list[bytes]) -> list[bytes]:
        """The keys that have no column yet, each once, in page order."""
        if keys is self._last.keys:
            return []
        return [key for key in dict.fromkeys(keys) if key not in self._columns]

    def learn(self, keys: Sequence[bytes], columns: Sequence[int]) -> None:
        """These keys have these columns; DROPPED where they have none."""
        self._columns.update(zip(keys, columns, strict=True))

    def resolve(self, keys: list[bytes]) -> Resolved:
        """The columns of known keys."""
        if keys is not self._last.keys:
            self._last = self._look_up(keys)
        return self._last

    def _look_up(self, keys: list[bytes]) -> Resolved:
        columns = np.fromiter(map(self._columns.__getitem__, keys), np.int64, len(keys))
        kept: BoolArray | None = columns != DROPPED
        if kept is not None and kept.all():
            kept = None
        remaining = columns if kept is None else columns[kept]
        alive = np.unique(remaining)
        return Resolved(keys, columns, alive, kept, len(alive) == len(remaining))

    def settle(self) -> None:
        """After a page that was taken in: forget keys that were not in it."""
        if self._settled is not self._last.keys:
            self._columns = {key: self._columns[key] for key in self._last.keys}
            self._settled = self._last.keys
        self._size_when_good = len(self._columns)

    def restrain(self) -> bool:
        """After a scrape that failed: forget everything new if keys pile up. Tells whether it did."""
        if len(self._columns) <= 2 * self._size_when_good + _SLACK:
            return False
        self._columns = {}
        self._last = NO_SERIES
        return True
