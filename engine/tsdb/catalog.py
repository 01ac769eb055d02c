"""Every series by its number: labels, who writes it, when its first and last samples were.

A series is its label set, store-wide. Its number is the order of its creation and is never given again. The
source that named it first owns it; others that name it too are kept apart in `sharers`, because they are few.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from engine.tsdb.numbers import NEVER, growing_floats, growing_ints
from promql.model.labels import EMPTY, Labels
from promql.model.staleness import ABSENT_NAN
from promql.model.types import FloatArray, IntArray


class Catalog:
    """Arrays by series number: `owner`, `column`, `first`, `last` (Unix ms; NEVER without samples), `value`.

    `value` is the last one, ABSENT_NAN where it has to be looked up. `sharings` changes whenever `sharers` does,
    `forgettings` whenever series lose their last samples.
    """

    def __init__(self) -> None:
        self.labels: list[Labels] = []
        self.owner = growing_ints(-1)
        self.column = growing_ints(-1)
        self.first = growing_ints(NEVER)
        self.last = growing_ints(NEVER)
        self.value = growing_floats(ABSENT_NAN)
        self.sharers: dict[int, tuple[tuple[int, int], ...]] = {}
        self.sharings = 0
        self.sharing_sources: frozenset[int] = frozenset()
        self.forgettings = 0
        self._numbers: dict[Labels, int] = {}

    def __len__(self) -> int:
        return len(self.labels)

    def number(self, labels: Labels) -> int | None:
        return self._numbers.get(labels)

    def define(self, labels: Labels) -> int:
        """The number of a new series."""
        ref = len(self.labels)
        self.reserve(ref + 1)
        self.labels[ref] = labels
        self._numbers[labels] = ref
        return ref

    def restore(self, ref: int, labels: Labels) -> None:
        """Put back a series under the number that it had."""
        self.reserve(ref + 1)
        self.labels[ref] = labels
        self._numbers[labels] = ref

    def reserve(self, size: int) -> None:
        """Never give out numbers below `size`: stored samples may bear them, even if their names were lost."""
        missing = size - len(self.labels)
        for array in (self.owner, self.column, self.first, self.last, self.value):
            array.reserve(size)
        if missing > 0:
            self.labels.extend([EMPTY] * missing)

    def columns_in(self, source: int, refs: IntArray) -> IntArray:
        """The columns that these series have in a source; -1 where none."""
        found = self.column.array[refs]
        foreign = np.flatnonzero(self.owner.array[refs] != source)
        if len(foreign):
            found[foreign] = [self._shared_column(source, int(ref)) for ref in refs[foreign]]
        return found

    def column_in(self, source: int, ref: int) -> int:
        """The column that this series has in a source; -1 where none."""
        if self.owner.array[ref] == source:
            return int(self.column.array[ref])
        return self._shared_column(source, ref)

    def assign(self, ref: int, source: int, column: int) -> None:
        """Say that the series stands in this column of this source."""
        if self.owner.array[ref] < 0:
            self.owner.array[ref] = source
            self.column.array[ref] = column
        else:
            self.sharers = {**self.sharers, ref: (*self.sharers.get(ref, ()), (source, column))}
            self.sharing_sources |= {source, int(self.owner.array[ref])}
            self.sharings += 1

    def note(self, times: IntArray | int, refs: IntArray, values: FloatArray) -> None:
        """Enter the newest samples of series, those of each series in their order."""
        self.last.array[refs] = times
        self.value.array[refs] = values

    def born(self, times: IntArray | int, refs: IntArray) -> IntArray:
        """Which of these series have their first samples here, ascending; to be asked before `note`."""
        new = np.flatnonzero(self.first.array[refs] == NEVER)
        born = refs[new]
        if len(new):  # backwards, so that of several samples of a series the first one stays
            self.first.array[born[::-1]] = times if isinstance(times, int) else times[new][::-1]
        return np.unique(born) if len(new) else born

    def raise_lasts(self, at_least: IntArray) -> None:
        """The last samples are no older than these; `at_least` is by series number."""
        older = np.flatnonzero(self.last.array[: len(at_least)] < at_least)
        self.last.array[older] = at_least[older]
        self.value.array[older] = ABSENT_NAN

    def forget(self, refs: IntArray) -> None:
        """These series have no samples any more; their names and numbers stay theirs."""
        self.first.array[refs] = NEVER
        self.last.array[refs] = NEVER
        self.value.array[refs] = ABSENT_NAN
        self.forgettings += 1

    def named(self, refs: Iterable[int]) -> list[tuple[int, Labels]]:
        return [(ref, self.labels[ref]) for ref in refs]

    def _shared_column(self, source: int, ref: int) -> int:
        return next((column for owner, column in self.sharers.get(ref, ()) if owner == source), -1)
