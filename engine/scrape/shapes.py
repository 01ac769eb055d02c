"""Names for series whose keys are alike but for the values of labels.

When a deployment replaces the series of a target, thousands of new keys come at once, of a few shapes: what stands
outside of the quotes. Which labels there are, whether their names are in order, and where the target's own labels go
is found out once a shape; a key of a known shape is split at its quotes, and that is all.

Law: a key that gets a name here gets the one that it would get by the rules, one by one.
"""

from __future__ import annotations

from collections.abc import Callable
from operator import itemgetter
from typing import Any, Final, TypeAlias

from exporters.exposition.keys import decode, label_pair
from promql.model.labels import Labels

_KEPT: Final = 4096

_Pick: TypeAlias = Callable[[Any], tuple[tuple[str, str], ...]]
_Shape: TypeAlias = tuple[tuple[str, str], tuple[bytes, ...], _Pick]
"""The pair of the metric's name, the labels' names, and what puts these and the target's pairs in order."""


class Shapes:
    """Of the keys of one target's pages, by rules that only add the target's labels. Owned by one caller at a time."""

    def __init__(self, target: Labels) -> None:
        self._target = target.pairs
        self._known: dict[tuple[bytes, ...], _Shape] = {}

    def name(self, key: bytes) -> Labels | None:
        """The series of a key of a known shape; None where the rules have to tell."""
        parts = key.split(b'"')
        shape = self._known.get(tuple(parts[::2]))
        if shape is None:
            return None
        values = parts[1::2]
        if b"" in values or b"\\" in key:
            return None
        metric, names, pick = shape
        return Labels(pick((metric, *map(label_pair, names, values), *self._target)))

    def learn(self, key: bytes, labels: Labels) -> None:
        """The rules have named this key, and nothing but order and the target's labels came to what it exposes."""
        if b"\\" in key:
            return
        exposed = [*decode(key), *self._target]
        places = {pair: at for at, pair in enumerate(exposed)}
        if len(labels) == len(exposed) > 1 and all(pair in places for pair in labels):
            if len(self._known) >= _KEPT:
                self._known = {}
            names = tuple(name.encode() for name, _ in exposed[1 : len(exposed) - len(self._target)])
            pick: Any = itemgetter(*(places[pair] for pair in labels))
            self._known[tuple(key.split(b'"')[::2])] = (exposed[0], names, pick)
