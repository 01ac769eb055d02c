"""Label sets sorted into groups by some of their labels."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from operator import itemgetter
from typing import Any, Final, TypeAlias

import numpy as np

from promql.model.labels import METRIC_NAME, Labels
from promql.model.types import IntArray

Pairs: TypeAlias = tuple[tuple[str, str], ...]

_NAME: Final = itemgetter(0)


class Grouping:
    """Numbers groups from 0 in the order in which they are met. `without` keeps all labels but these and the name."""

    def __init__(self, names: Collection[str], *, without: bool) -> None:
        self._names = frozenset(names) | {METRIC_NAME} if without else frozenset(names)
        self._without = without
        self._groups: dict[Pairs, int] = {}
        self._pickers: dict[tuple[str, ...], Callable[[Pairs], Pairs]] = {}

    def assign(self, labels: Sequence[Labels]) -> IntArray:
        """The group of each: `int64[S]`."""
        keys = self._keys(labels)
        groups = self._groups
        for key in dict.fromkeys(keys):
            groups.setdefault(key, len(groups))
        return np.fromiter(map(groups.__getitem__, keys), np.int64, len(keys))

    @property
    def labels(self) -> list[Labels]:
        """The groups' own labels, by number."""
        return [Labels(pairs) for pairs in self._groups]

    def __len__(self) -> int:
        return len(self._groups)

    def _keys(self, labels: Sequence[Labels]) -> list[Pairs]:
        pairs = [one.pairs for one in labels]
        if len(self._names) == 1 and not self._without and pairs:
            alike = _at_one_place(pairs, next(iter(self._names)))
            if alike is not None:
                return alike
        # Few shapes (lists of label names) occur among many series: what to pick is found once for each.
        pickers = self._pickers
        keys = []
        for one in pairs:
            shape = tuple(map(_NAME, one))
            picker = pickers.get(shape)
            if picker is None:
                picker = pickers[shape] = self._picker(shape)
            keys.append(picker(one))
        return keys

    def _picker(self, shape: tuple[str, ...]) -> Callable[[Pairs], Pairs]:
        places = [i for i, name in enumerate(shape) if (name in self._names) is not self._without]
        if not places:
            return lambda _pairs: ()
        if len(places) == 1:
            only = places[0]
            return lambda pairs: (pairs[only],)
        pick: Any = itemgetter(*places)
        return pick  # type: ignore[no-any-return]  # of two places and more it gives a tuple


def _at_one_place(pairs: Sequence[Pairs], name: str) -> list[Pairs] | None:
    """The one label's pairs, if it stands at the same place in all sets; that is usual and fast to see."""
    place = next((i for i, pair in enumerate(pairs[0]) if pair[0] == name), None)
    if place is None or any(len(one) <= place for one in pairs):
        return None
    slot = slice(place, place + 1)
    found = [one[slot] for one in pairs]
    return found if {one[0][0] for one in found} == {name} else None
