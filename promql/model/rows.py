"""Label sets that are met again and again in the same order, with what was worked out from them.

A store hands out the same rows as long as a selection stays the same, and a dashboard or a rule asks the same of them
each time: which group a row is in, which row of another side it belongs to, what is left of it without its name. That
depends on labels alone, so it is kept with them and let go with them.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from typing import Any, Final, TypeVar

from promql.model.labels import METRIC_NAME, Labels

T = TypeVar("T")

_MOST: Final = 8
"""Things that are kept of the same rows."""


class Rows(tuple[Labels, ...]):  # noqa: SLOT001 - a tuple has no slots for what is kept
    """Made by whoever keeps them; all others may take them for a plain sequence."""

    _known: dict[Hashable, Any]

    def once(self, key: Hashable, make: Callable[[], T]) -> T:
        """What was made under this key. Any thread may ask: at worst two make the same."""
        try:
            known = self._known
        except AttributeError:
            known = self._known = {}
        if key in known:
            found: T = known[key]
            return found
        made = make()
        if len(known) >= _MOST:
            self._known = known = {}
        known[key] = made
        return made


def once(labels: Sequence[Labels], key: Hashable, make: Callable[[], T]) -> T:
    """What is made from label sets alone, kept where they are."""
    return labels.once(key, make) if isinstance(labels, Rows) else make()


def without_names(labels: Sequence[Labels]) -> Sequence[Labels]:
    """Each set without its metric name."""
    if isinstance(labels, Rows):
        return labels.once("without names", lambda: Rows(_nameless(labels)))
    return _nameless(labels)


def all_differ(labels: Sequence[Labels]) -> bool:
    return once(labels, "all differ", lambda: len(set(labels)) == len(labels))


def _nameless(labels: Sequence[Labels]) -> list[Labels]:
    """The name nearly always sorts first, which makes it a slice."""
    return [
        Labels(one.pairs[1:]) if one.pairs and one.pairs[0][0] == METRIC_NAME else one.without_name() for one in labels
    ]
