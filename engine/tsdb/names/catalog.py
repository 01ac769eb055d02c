"""Every series by its number: labels, who writes it, when its first and last samples were.

A series is its label set, store-wide. Its number is the order of its creation and is never given again. The
source that named it first owns it; others that name it too are kept apart in `sharers`, because they are few.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from engine.names.numbers import NEVER, growing_floats, growing_ints
from engine.tsdb.names.graves import Graves
from promql.model.labels import EMPTY, Labels
from promql.model.staleness import ABSENT_NAN
from promql.model.types import FloatArray, IntArray


class Catalog:
    """Arrays by series number: `owner`, `column`, `first`, `last` (Unix ms; NEVER without samples), `value`.

    `value` is the last one, ABSENT_NAN where it has to be looked up. `sharings` changes whenever `sharers` does,
    `forgettings` whenever series lose their last samples. `last` is what a further sample must be later than; where
    the newest samples of a series were deleted it still tells of them, and `shortened` has, by series, that time and
    the one of the last sample that is left. `first` is NEVER where none is.
    """

    def __init__(self) -> None:
        self.labels: list[Labels] = []
        self.owner = growing_ints(-1)
        self.column = growing_ints(-1)
        self.first = growing_ints(NEVER)
        self.last = growing_ints(NEVER)
        self.value = growing_floats(ABSENT_NAN)
        self.shortened: dict[int, tuple[int, int]] = {}
        self.sharers: dict[int, tuple[tuple[int, int], ...]] = {}
        self.sharings = 0
        self.sharing_sources: frozenset[int] = frozenset()
        self.forgettings = 0
        self.graves = Graves()
        self._numbers: dict[Labels, int] = {}

    def __len__(self) -> int:
        return len(self.labels)

    def numbers(self, series: Sequence[Labels]) -> IntArray:
        """The numbers of these series, found or given: int64[N]. One that comes twice gets one number."""
        self._bury()
        known = self._numbers
        if new := [labels for labels in dict.fromkeys(series) if labels not in known]:
            first = len(self.labels)
            self._reserve_arrays(first + len(new))
            self.labels.extend(new)
            known.update(zip(new, range(first, first + len(new)), strict=True))
        refs = np.fromiter(map(known.__getitem__, series), np.int64, len(series))
        if len(self.graves):
            self.graves.leave(refs[self.first.array[refs] == NEVER].tolist())
        return refs

    def writers(self, labels: Labels) -> list[int]:
        """The sources that name this series, the owner first."""
        ref = self._numbers.get(labels)
        if ref is None or self.owner.array[ref] < 0:
            return []
        return [int(self.owner.array[ref]), *(source for source, _ in self.sharers.get(ref, ()))]

    def restore(self, refs: Sequence[int], series: Sequence[Labels]) -> None:
        """Put back series under the numbers that they had."""
        self.reserve(max(refs) + 1)
        for ref, labels in zip(refs, series, strict=True):
            self.labels[ref] = labels
        self._numbers.update(zip(series, refs, strict=True))

    def reserve(self, size: int) -> None:
        """Never give out numbers below `size`: stored samples may bear them, even if their names were lost."""
        self._reserve_arrays(size)
        self.labels.extend([EMPTY] * (size - len(self.labels)))

    def columns_in(self, source: int, refs: IntArray) -> IntArray:
        """The columns that these series have in a source; -1 where none."""
        found = self.column.array[refs]
        foreign = np.flatnonzero(self.owner.array[refs] != source)
        if len(foreign):
            found[foreign] = (
                [self._shared_column(source, ref) for ref in refs[foreign].tolist()] if self.sharers else -1
            )
        return found

    def assign(self, refs: IntArray, source: int, first: int) -> None:
        """Say that these series, no two of them the same, stand in this source in columns from `first` on."""
        columns = np.arange(first, first + len(refs))
        free = self.owner.array[refs] < 0
        self.owner.array[refs[free]] = source
        self.column.array[refs[free]] = columns[free]
        if not free.all():
            self._share(refs[~free].tolist(), source, columns[~free].tolist())

    def note(self, times: IntArray | int, refs: IntArray, values: FloatArray) -> None:
        """Enter the newest samples of series, those of each series in their order."""
        self.last.array[refs] = times
        self.value.array[refs] = values

    def note_newer(self, time: int, refs: IntArray, values: FloatArray) -> None:
        """The same for one time, where commits of different sources do not come in their order."""
        newer = self.last.array[refs] < time
        self.note(time, refs[newer], values[newer])

    def note_late(self, times: IntArray, refs: IntArray, values: FloatArray) -> None:
        """Enter samples in any order, of which some may stand behind others of their series; after `born`."""
        order = np.lexsort((times, refs))
        ends = order[np.append(np.flatnonzero(np.diff(refs[order])), len(order) - 1)]
        newer = ends[times[ends] > self.last.array[refs[ends]]]
        self.note(times[newer], refs[newer], values[newer])
        np.minimum.at(self.first.array, refs, times)
        if held := self.shortened:
            found = {int(refs[at]): int(times[at]) for at in ends.tolist() if int(refs[at]) in held}
            self.shortened = {**held, **{ref: (held[ref][0], max(held[ref][1], time)) for ref, time in found.items()}}

    def born(self, times: IntArray | int, refs: IntArray) -> IntArray:
        """Which of these series have their first samples here, ascending; to be asked before `note`."""
        new = np.flatnonzero(self.first.array[refs] == NEVER)
        born = refs[new]
        if len(new):  # backwards, so that of several samples of a series the first one stays
            self.first.array[born[::-1]] = times if isinstance(times, int) else times[new][::-1]
        return np.unique(born) if len(new) else born

    def note_history(self, refs: IntArray, firsts: IntArray, lasts: IntArray) -> IntArray:
        """Samples of these series, each once, came from outside; gives the series that had none before."""
        known = self.first.array[refs]
        self.first.array[refs] = np.where(known == NEVER, firsts, np.minimum(known, firsts))
        newer = refs[self.last.array[refs] < lasts]
        self.last.array[refs] = np.maximum(self.last.array[refs], lasts)
        self.value.array[newer] = ABSENT_NAN
        self.forgettings += 1  # whatever was found out about who lives holds no more
        born: IntArray = refs[known == NEVER]
        return born

    def raise_lasts(self, at_least: IntArray) -> None:
        """The last samples are no older than these; `at_least` is by series number."""
        older = np.flatnonzero(self.last.array[: len(at_least)] < at_least)
        self.last.array[older] = at_least[older]
        self.value.array[older] = ABSENT_NAN

    def ends(self, refs: IntArray) -> IntArray:
        """The times of the last samples of these series that are left: int64[N]."""
        ends = self.last.array[refs]
        if shortened := self.shortened:
            for at in np.flatnonzero(np.isin(refs, np.fromiter(shortened, np.int64, len(shortened)))).tolist():
                marked, left = shortened.get(int(refs[at]), (NEVER, NEVER))
                if marked == ends[at]:
                    ends[at] = left
        return ends

    def shorten(self, refs: IntArray, firsts: IntArray, lasts: IntArray) -> None:
        """After a deletion this is the extent of these series; NEVER of those that it left nothing of."""
        self.first.array[refs] = firsts
        marks = self.last.array[refs]
        cut = np.flatnonzero(lasts < marks)
        found = zip(refs[cut].tolist(), zip(marks[cut].tolist(), lasts[cut].tolist(), strict=True), strict=True)
        self.shortened = {**self.shortened, **dict(found)}
        self.forgettings += 1

    def lower_marks(self, deleted: IntArray) -> None:
        """Only of these series deleted samples are on the disk still: of others, a further sample need be later than
        what is left and no more.
        """
        refs = np.fromiter(self.shortened, np.int64, len(self.shortened))
        marks, left = np.array(list(self.shortened.values()), np.int64).reshape(-1, 2).T
        gone = ~np.isin(refs, deleted)
        self.shortened = {ref: self.shortened[ref] for ref in refs[~gone].tolist()}
        gone &= self.last.array[refs] == marks
        self.last.array[refs[gone]] = left[gone]
        self.value.array[refs[gone]] = ABSENT_NAN
        self.forgettings += 1

    def forget(self, refs: IntArray) -> None:
        """These series have no samples any more. Their numbers stay theirs; so do their names, for a while."""
        if self.shortened:
            gone = set(refs.tolist())
            self.shortened = {ref: ends for ref, ends in self.shortened.items() if ref not in gone}
        self.first.array[refs] = NEVER
        self.last.array[refs] = NEVER
        self.value.array[refs] = ABSENT_NAN
        self.forgettings += 1

    def _bury(self) -> None:
        """Let go of the names that nobody has asked for since; one that comes again gets another number."""
        for ref in self.graves.due():
            if self.first.array[ref] == NEVER and self._numbers.get(self.labels[ref]) == ref:
                del self._numbers[self.labels[ref]]
                self.labels[ref] = EMPTY

    def labels_of(self, refs: Iterable[int]) -> list[Labels]:
        return [self.labels[ref] for ref in refs]

    def _share(self, refs: Sequence[int], source: int, columns: Sequence[int]) -> None:
        sharers = dict(self.sharers)
        for ref, column in zip(refs, columns, strict=True):
            sharers[ref] = (*sharers.get(ref, ()), (source, column))
        self.sharers = sharers
        self.sharing_sources |= {source, *self.owner.array[refs].tolist()}
        self.sharings += 1

    def _reserve_arrays(self, size: int) -> None:
        for array in (self.owner, self.column, self.first, self.last, self.value):
            array.reserve(size)

    def _shared_column(self, source: int, ref: int) -> int:
        return next((column for owner, column in self.sharers.get(ref, ()) if owner == source), -1)
