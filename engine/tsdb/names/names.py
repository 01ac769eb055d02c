"""The label sets of selected series, with their values numbered as the index has them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final, overload

from engine.names.index import Index
from promql.model.coded import CodedLabels, Codes
from promql.model.labels import Labels
from promql.model.types import IntArray

_WORTH: Final = 16
"""Numbering a label looks at all series of the store, so it must be for a sixteenth of them at least."""


class SeriesNames(CodedLabels):
    """Labels of series `refs: int64[S]`. What was selected stays named, even when it has left the store since."""

    __slots__ = ("_index", "_labels", "_refs", "_removals", "_selected")

    def __init__(
        self, labels: Sequence[Labels], refs: IntArray, index: Index, removals: int, selected: int | None = None
    ) -> None:
        self._labels = labels
        self._refs = refs
        self._index = index
        self._removals = removals
        self._selected = len(refs) if selected is None else selected

    def __len__(self) -> int:
        return len(self._labels)

    def __iter__(self) -> Iterator[Labels]:
        return iter(self._labels)

    @overload
    def __getitem__(self, at: int) -> Labels: ...
    @overload
    def __getitem__(self, at: slice) -> SeriesNames: ...
    def __getitem__(self, at: int | slice) -> Labels | SeriesNames:
        if isinstance(at, slice):
            return self._with(self._labels[at], self._refs[at])
        return self._labels[at]

    def take(self, rows: IntArray) -> SeriesNames:
        labels = self._labels
        return self._with([labels[row] for row in rows.tolist()], self._refs[rows])

    def codes(self, name: str) -> Codes | None:
        if self._selected * _WORTH < len(self._index):
            return None
        codes, bound = self._index.codes(name)
        if self._removals != self._index.removals or self._removals % 2:
            return None  # series of ours may have been taken out of the index
        return Codes(codes.take(self._refs, mode="clip"), bound, codes)

    def _with(self, labels: Sequence[Labels], refs: IntArray) -> SeriesNames:
        return SeriesNames(labels, refs, self._index, self._removals, self._selected)
