"""Label sets sorted into groups by some of their labels."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Sequence
from itertools import count
from math import prod
from operator import attrgetter, is_not, itemgetter
from typing import Any, Final, TypeAlias

import numpy as np

from promql.model.coded import CodedLabels
from promql.model.labels import METRIC_NAME, Labels
from promql.model.rows import Rows, once
from promql.model.types import IntArray

Pairs: TypeAlias = tuple[tuple[str, str], ...]

_MANY: Final = 128
_ROOM: Final = 1 << 16
_NAME: Final = itemgetter(0)
_PAIRS: Final = attrgetter("pairs")


class Grouping:
    """Numbers groups from 0 in the order in which they are met. `without` keeps all labels but these and the name."""

    def __init__(self, names: Collection[str], *, without: bool) -> None:
        self._names = frozenset(names) | {METRIC_NAME} if without else frozenset(names)
        self._without = without
        self._groups: dict[Pairs, int] = {}
        self._pickers: dict[tuple[str, ...], Callable[[Pairs], Pairs]] = {}
        self._numberings: list[object] = []
        self._group_of_code = np.empty(0, np.int64)

    def assign(self, labels: Sequence[Labels]) -> IntArray:
        """The group of each: `int64[S]`."""
        if not self._names:  # all are one, as `without` names one at least
            self._numbered([()] * min(len(labels), 1))
            return np.zeros(len(labels), np.int64)
        if isinstance(labels, CodedLabels) and len(labels) >= _MANY and not self._without:
            found = self._by_codes(labels)
            if found is not None:
                return found
        if len(self._names) == 1 and not self._without and (found := self._by_one(labels)) is not None:
            return found
        return self._numbered([self._picker(one.pairs)(one.pairs) for one in labels])

    @property
    def labels(self) -> list[Labels]:
        """The groups' own labels, by number."""
        return [Labels(pairs) for pairs in self._groups]

    def __len__(self) -> int:
        return len(self._groups)

    def _numbered(self, keys: Sequence[Pairs]) -> IntArray:
        groups = self._groups
        for key in dict.fromkeys(keys):
            groups.setdefault(key, len(groups))
        return np.fromiter(map(groups.__getitem__, keys), np.int64, len(keys))

    def _by_codes(self, labels: CodedLabels) -> IntArray | None:
        """By the numbers of their values: of each group only one set is looked at, the first. None without numbers."""
        found = [codes for name in sorted(self._names) if (codes := labels.codes(name)) is not None]
        bounds = [codes.bound for codes in found]
        if len(found) < len(self._names) or prod(bounds) > _ROOM:
            return None
        combined = np.zeros(len(labels), np.int64)
        for codes in found:
            combined = combined * codes.bound + codes.numbers
        numberings = [codes.numbering for codes in found]
        if not len(self._group_of_code) or any(map(is_not, numberings, self._numberings)):
            self._numberings, self._group_of_code = numberings, np.full(prod(bounds), -1)
        groups = self._group_of_code[combined]
        if len(groups) and groups.min() < 0:
            self._meet(labels, combined)
            groups = self._group_of_code[combined]
        return groups

    def _meet(self, labels: CodedLabels, combined: IntArray) -> None:
        codes, first = np.unique(combined, return_index=True)
        order = first.argsort()
        pairs = [labels[at].pairs for at in first[order].tolist()]
        self._group_of_code[codes[order]] = self._numbered([self._picker(one)(one) for one in pairs])

    def _by_one(self, labels: Sequence[Labels]) -> IntArray | None:
        """By one label that stands at the same place in all sets, which is usual, and fast; None where it is not."""
        (name,) = self._names
        place = next((i for one in labels[:1] for i, pair in enumerate(one.pairs) if pair[0] == name), None)
        if place is None:
            return None
        numbers: defaultdict[tuple[str, str], int] = defaultdict(count().__next__)
        try:
            pairs = map(itemgetter(place), map(_PAIRS, labels))
            local = np.fromiter(map(numbers.__getitem__, pairs), np.int64, len(labels))
        except IndexError:
            return None
        if any(pair[0] != name for pair in numbers):
            return None
        return self._numbered([(pair,) for pair in numbers])[local]

    def _picker(self, pairs: Pairs) -> Callable[[Pairs], Pairs]:
        """What takes the group's labels out of such a set. Few shapes (lists of names) occur among many series."""
        shape = tuple(map(_NAME, pairs))
        if shape not in self._pickers:
            self._pickers[shape] = _picks(
                [i for i, name in enumerate(shape) if (name in self._names) is not self._without]
            )
        return self._pickers[shape]


def groups_of(labels: Sequence[Labels], names: tuple[str, ...], *, without: bool) -> tuple[IntArray, Sequence[Labels]]:
    """The group of each, `int64[S]`, and the groups' own labels."""

    def grouped() -> tuple[IntArray, Sequence[Labels]]:
        grouping = Grouping(names, without=without)
        return grouping.assign(labels), Rows(grouping.labels)

    return once(labels, ("groups", names, without), grouped)


def _picks(places: Sequence[int]) -> Callable[[Pairs], Pairs]:
    match places:
        case []:
            return lambda _pairs: ()
        case [only]:
            return lambda pairs: (pairs[only],)
        case _:
            pick: Any = itemgetter(*places)
            return pick  # type: ignore[no-any-return]  # of two places and more it gives a tuple
