"""Stored history, and over it what replayed recording rules give, in place of what was recorded under their names."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from engine.query.evaluation import Selects
from promql.model.labels import Labels
from promql.model.matchers import match_all
from promql.model.panel import Given, Kind, Need, Panel, Selected, Size, Strands
from promql.model.results import Matrix
from promql.model.staleness import STALE_NAN
from promql.model.types import BoolArray

_FIRST_REF = 1 << 39
"""Replayed series come after all stored ones, in the order in which they were recorded."""


class Overlay:
    """Answers needs as a store does."""

    def __init__(self, store: Selects) -> None:
        self._store = store
        self._recorded: list[Matrix] = []
        self._names: set[str] = set()

    def record(self, name: str, matrix: Matrix) -> None:
        """From now on series of this name are the replayed ones."""
        self._names.add(name)
        self._recorded.append(matrix)

    def select(self, need: Need) -> list[Selected]:
        found: list[Selected] = [kept for some in self._store.select(need) for kept in self._stored(some)]
        ref = _FIRST_REF
        for matrix in self._recorded:
            rows = [row for row, labels in enumerate(matrix.labels) if match_all(need.matchers, labels)]
            found += _panels(matrix, rows, need, ref)
            ref += len(matrix.labels)
        return found

    def portions(self, need: Need, _most: int) -> Sequence[Given]:
        """All at once: what is recorded is in memory anyhow."""
        return self.select(need)

    def weight(self, need: Need) -> int:
        """How many samples that is, about."""
        return self._store.weight(need) + sum(matrix.values.size for matrix in self._recorded)

    def glance(self, _need: Need) -> Size | None:
        """Not known at once: replays are work for a worker anyhow."""
        return None

    def _stored(self, some: Selected) -> Sequence[Selected]:
        """Without the series that are replayed."""
        rows = [row for row, labels in enumerate(some.labels) if labels.name not in self._names]
        if len(rows) == len(some.labels):
            return [some]
        if isinstance(some, Strands):
            return [some.some(row, row + 1) for row in rows]
        return [Panel(some.times, some.values[rows], [some.labels[row] for row in rows], some.refs[rows])][: len(rows)]


def _panels(matrix: Matrix, rows: list[int], need: Need, first: int) -> list[Panel]:
    """Series that were there at the same instants share a panel; where one ends, it is marked stale."""
    if not rows:
        return []
    present = matrix.present[rows]
    ended = np.zeros_like(present)
    ended[:, 1:] = present[:, :-1] & ~present[:, 1:]
    there = (present if need.kind is Kind.RANGE else present | ended) & _inside(matrix, need)
    values = np.where(ended, STALE_NAN, matrix.values[rows])
    alike: dict[bytes, list[int]] = {}
    for at, pattern in enumerate(there):
        alike.setdefault(pattern.tobytes(), []).append(at)
    panels = []
    for members in alike.values():
        seen = there[members[0]]
        if seen.any():
            labels: list[Labels] = [matrix.labels[rows[at]] for at in members]
            refs = np.array([first + rows[at] for at in members], np.int64)
            panels.append(Panel(matrix.times[seen], np.ascontiguousarray(values[members][:, seen]), labels, refs))
    return panels


def _inside(matrix: Matrix, need: Need) -> BoolArray:
    inside: BoolArray = (matrix.times >= need.start) & (matrix.times <= need.end)
    return inside
