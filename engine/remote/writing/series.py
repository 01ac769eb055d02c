"""What becomes of series on their way out: external labels where they have none, relabelling, encoding; once each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

import numpy as np

from engine.relabel.config import RelabelConfig
from engine.relabel.relabel import relabel
from engine.remote.writing.encode import SeriesBytes
from promql.model.labels import Labels
from promql.model.types import IntArray

MOST_KNOWN: Final = 1_000_000
"""Series; beyond that all of them are forgotten and made anew as they come."""

LabelsOf = Callable[[IntArray], list[Labels]]


class OutgoingSeries:
    """`labels_of` gives the labels of series by their numbers in the store."""

    def __init__(self, labels_of: LabelsOf, rules: Sequence[RelabelConfig], external: Labels) -> None:
        self._labels_of = labels_of
        self._rules = tuple(rules)
        self._external = external
        self._known: dict[int, SeriesBytes | None] = {}

    def of(self, refs: IntArray) -> list[SeriesBytes | None]:
        """None for what relabelling drops."""
        numbers = refs.tolist()
        known = self._known
        missing = [ref for ref in dict.fromkeys(numbers) if ref not in known]
        if missing:
            if len(known) > MOST_KNOWN:
                known.clear()
                missing = list(dict.fromkeys(numbers))
            for ref, labels in zip(missing, self._labels_of(np.array(missing, np.int64)), strict=True):
                known[ref] = self._made(labels)
        return [known[ref] for ref in numbers]

    def named(self, labels: Labels) -> Labels | None:
        """What these labels become; None where relabelling drops them."""
        made = self._made(labels)
        return None if made is None else made.labels

    def _made(self, labels: Labels) -> SeriesBytes | None:
        if not labels.pairs:  # its samples are so old that its name is forgotten
            return None
        full = self._external.overlay(labels)
        left = relabel(full, self._rules) if self._rules else full
        return SeriesBytes(left) if left is not None and left.pairs else None
