"""Which series have which label: for each pair the series' numbers, ascending.

Laws: a series is here while it has samples. Everything a reader in another thread gets is either an array that
is never written again below the length it had, or a copy of a dict's keys made in one step of the interpreter.
`version` changes with every change, so an answer kept with it can be trusted. `removals` is odd while
series are taken out.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import chain, count, islice
from typing import Final

import numpy as np

from engine.names.numbers import enlarged
from promql.model.labels import Labels
from promql.model.types import IntArray

_NOTHING: Final = np.empty(0, np.int64)
_KEPT_CODES: Final = 7


class Posting:
    """Ascending series numbers: an array with room behind, and how many of its places count."""

    __slots__ = ("_held",)

    def __init__(self, refs: IntArray) -> None:
        self._held = (refs, len(refs))  # one value, so that a reader never pairs an array with another's size

    def refs(self) -> IntArray:
        array, size = self._held
        return array[:size]

    def __len__(self) -> int:
        return self._held[1]

    def extend(self, refs: IntArray) -> None:
        """Add ascending numbers; those of series that come back to life may be lower than the last."""
        array, size = self._held
        if size and refs[0] <= array[size - 1]:
            array = np.union1d(array[:size], refs)
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
    """All labels of the series that have samples.

    A value of one series alone (as most are: paths, identifiers) leads to its number and not to a posting: a hundred
    thousand small objects more would cost half a second, most of it the collector's.
    """

    def __init__(self) -> None:
        self.version = 0
        self.removals = 0
        self.removed = 0
        """So many series were removed."""
        self._all = Posting(_NOTHING)
        self._names: dict[str, dict[str, int | Posting]] = {}
        self._codes: dict[str, tuple[int, IntArray, int]] = {}

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
        return _refs(self._names.get(name, {}).get(value))

    def having_one_of(self, name: str, values: Sequence[str]) -> IntArray:
        """The series that have one of these values, none of which comes twice."""
        held = self._names.get(name, {})
        found = [one for one in map(held.get, values) if one is not None]
        singles = [one for one in found if isinstance(one, int)]
        pieces = [one.refs() for one in found if not isinstance(one, int)]
        if len(pieces) == 1 and not singles:
            return pieces[0]
        return np.sort(np.concatenate([np.array(singles, np.int64), *pieces]), kind="stable")

    def counts(self, name: str) -> list[tuple[str, int]]:
        """How many series have each value of a label."""
        found = list(self._names.get(name, {}).items())
        return [(value, 1 if isinstance(held, int) else len(held)) for value, held in found]

    def codes(self, name: str) -> tuple[IntArray, int]:
        """By series number the number of its value of a label (0: none), and a bound that all stay below.

        Kept for some labels, for rules ask for the same again and again.
        """
        version = self.version
        kept = self._codes.get(name)
        if kept is None or kept[0] != version:
            kept = (version, *_numbered(self.all(), list(self._names.get(name, {}).values())))
            self._codes = {**dict(islice(self._codes.items(), _KEPT_CODES)), name: kept}
        return kept[1], kept[2]

    def add(self, refs: Sequence[int], labels: Sequence[Labels]) -> None:
        """Add series by ascending number."""
        self._all.extend(np.array(refs, np.int64))
        for (name, value), some in _by_pair(refs, labels):
            values = self._names.setdefault(name, {})
            held = values.get(value)
            if isinstance(held, Posting):
                held.extend(some)
            elif held is None and len(some) == 1:
                values[value] = int(some[0])
            else:
                posting = Posting(_refs(held))
                posting.extend(some)
                values[value] = posting
        self.version += 1

    def remove(self, refs: Sequence[int], labels: Sequence[Labels]) -> None:
        self.removals += 1
        self._all.discard(np.array(refs, np.int64))
        self.removed += len(refs)
        for (name, value), some in _by_pair(refs, labels):
            held = self._names[name][value]
            if isinstance(held, Posting):
                held.discard(some)
            if isinstance(held, int) or not len(held):
                del self._names[name][value]
                if not self._names[name]:
                    del self._names[name]
        self.removals += 1
        self.version += 1


def _numbered(refs: IntArray, values: Sequence[int | Posting]) -> tuple[IntArray, int]:
    out = np.zeros(int(refs[-1]) + 2 if len(refs) else 1, np.int64)  # what came since reads the last place
    room = len(out) - 1
    for number, held in enumerate(values, 1):
        if isinstance(held, int):
            out[min(held, room)] = number
        else:
            found = held.refs()
            out[found if len(found) and found[-1] < room else found[found < room]] = number
    out[room] = 0
    return out, len(values) + 1


def _refs(held: int | Posting | None) -> IntArray:
    if held is None:
        return _NOTHING
    return np.array([held], np.int64) if isinstance(held, int) else held.refs()


def _by_pair(refs: Sequence[int], labels: Sequence[Labels]) -> Iterator[tuple[tuple[str, str], IntArray]]:
    """Each pair of name and value, and which of the series have it."""
    codes: defaultdict[tuple[str, str], int] = defaultdict(count().__next__)
    pairs = [one.pairs for one in labels]
    code_of = np.fromiter(map(codes.__getitem__, chain.from_iterable(pairs)), np.int64)
    owners = np.repeat(np.array(refs, np.int64), np.fromiter(map(len, pairs), np.int64, len(pairs)))
    owners = owners[code_of.argsort(kind="stable")]
    ends = np.bincount(code_of, minlength=len(codes)).cumsum().tolist()
    for pair, low, high in zip(codes, [0, *ends], ends, strict=False):
        yield pair, owners[low:high]
