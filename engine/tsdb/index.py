"""Which series have which label: for each pair the series' numbers, ascending.

Laws: a series is here while it has samples. Everything a reader in another thread gets is either an array that
is never written again below the length it had, or a copy of a dict's keys made in one step of the interpreter.
`version` changes with every change, so an answer kept with it can be trusted.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import chain

import numpy as np

from engine.tsdb.numbers import enlarged
from promql.model.labels import Labels
from promql.model.types import IntArray


class Posting:
    """Ascending series numbers: an array with room behind, and how many of its places count."""

    __slots__ = ("_held",)

    def __init__(self) -> None:
        self._held = (np.empty(4, np.int64), 0)  # one value, so that a reader never pairs an array with another's size

    def refs(self) -> IntArray:
        array, size = self._held
        return array[:size]

    def __len__(self) -> int:
        return self._held[1]

    def extend(self, refs: list[int]) -> None:
        """Add ascending numbers; those of series that come back to life may be lower than the last."""
        array, size = self._held
        if size and refs[0] <= array[size - 1]:
            array = np.union1d(self.refs(), np.array(refs, np.int64))
            self._held = (array, len(array))
            return
        end = size + len(refs)
        if end > len(array):
            array = enlarged(array, end, 0)
        array[size:end] = refs
        self._held = (array, end)

    def discard(self, refs: IntArray) -> None:
        left = np.setdiff1d(self.refs(), refs, assume_unique=True)
        self._held = (left, len(left))


class Index:
    """All labels of the series that have samples."""

    def __init__(self) -> None:
        self.version = 0
        self.removals = 0
        self._all = Posting()
        self._names: dict[str, dict[str, Posting]] = {}

    def __len__(self) -> int:
        return len(self._all)

    def all(self) -> IntArray:
        return self._all.refs()

    def names(self) -> list[str]:
        return list(self._names)

    def values(self, name: str) -> list[str]:
        """The values of a label, in the order in which they came."""
        return list(self._names.get(name, ()))

    def having(self, name: str, value: str) -> IntArray:
        posting = self._names.get(name, {}).get(value)
        return _NOTHING if posting is None else posting.refs()

    def counts(self, name: str) -> list[tuple[str, int]]:
        """How many series have each value of a label."""
        return [(value, len(posting)) for value, posting in list(self._names.get(name, {}).items())]

    def add(self, series: Iterable[tuple[int, Labels]]) -> None:
        """Add series by ascending number."""
        series = list(series)
        self._all.extend([ref for ref, _ in series])
        for (name, value), refs in _by_pair(series).items():
            values = self._names.setdefault(name, {})
            if (posting := values.get(value)) is None:
                posting = Posting()
                posting.extend(refs)
                values[value] = posting
            else:
                posting.extend(refs)
        self.version += 1

    def remove(self, series: Iterable[tuple[int, Labels]]) -> None:
        series = list(series)
        self._all.discard(np.array([ref for ref, _ in series], np.int64))
        for (name, value), refs in _by_pair(series).items():
            posting = self._names[name][value]
            posting.discard(np.array(refs, np.int64))
            if not len(posting):
                del self._names[name][value]
                if not self._names[name]:
                    del self._names[name]
        self.removals += 1
        self.version += 1


_NOTHING = np.empty(0, np.int64)


def _by_pair(series: list[tuple[int, Labels]]) -> dict[tuple[str, str], list[int]]:
    found: dict[tuple[str, str], list[int]] = {}
    for ref, pair in chain.from_iterable(((ref, pair) for pair in labels.pairs) for ref, labels in series):
        if (refs := found.get(pair)) is None:
            found[pair] = [ref]
        else:
            refs.append(ref)
    return found
