"""Rollups of many plans in one grid, and what of them passes the plans' thresholds.

Most alerts are a rollup compared with a number (`rate(x[5m]) > 1`), and of most nothing passes. All rows are compared
at once, and only those that pass are handed out.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import pairwise

import numpy as np
from msgspec import Struct

from promql.execute.edges import spans
from promql.functions.operators import COMPARISON
from promql.model.grid import Grid
from promql.model.labels import Labels
from promql.model.rows import without_names
from promql.model.types import IntArray
from promql.plan.nodes import Between, Fetch, Number, PlanNode, Rollup


class Threshold(Struct, frozen=True):
    """A plan that keeps what compares so with a number."""

    plan: Between
    number: float
    number_left: bool


class Rolled(Struct, frozen=True):
    """Values of rollups at one instant: node `i` has the rows from `edges[i]` to `edges[i + 1]` of `whole`."""

    nodes: Sequence[Rollup]
    whole: Grid
    edges: IntArray

    def grids(self, but: Collection[int]) -> Iterator[tuple[int, Grid]]:
        """By the nodes' ids, but for some; without those that lose the names by which alone rows are told apart."""
        whole, full = self.whole, bool(self.whole.present.all())
        for node, (low, high) in zip(self.nodes, pairwise(self.edges.tolist()), strict=True):
            if id(node) in but:
                continue
            labels = _labels(node, whole.labels[low:high])
            grid = Grid(labels, whole.values[low:high], whole.present[low:high])
            grid = grid if full else grid.compact()
            if _may_pass(node) or len(set(grid.labels)) == len(grid.labels):
                yield id(node), grid


def thresholds(plans: Iterable[PlanNode]) -> Mapping[int, list[Threshold]]:
    """Plans that are such a comparison, by the ids of their rollups; not where names alone may tell rows apart."""
    found: dict[int, list[Threshold]] = {}
    for plan in {id(plan): plan for plan in plans}.values():
        if not isinstance(plan, Between) or plan.op not in COMPARISON or plan.as_bool:
            continue
        match plan.left, plan.right:
            case Rollup() as rollup, Number(value=number) if _may_pass(rollup):
                found.setdefault(id(rollup), []).append(Threshold(plan, number, number_left=False))
            case Number(value=number), Rollup() as rollup if _may_pass(rollup):
                found.setdefault(id(rollup), []).append(Threshold(plan, number, number_left=True))
            case _:
                pass
    return found


def passing(rolled: Rolled, wanted: Mapping[int, list[Threshold]]) -> Iterator[tuple[int, Grid]]:
    """Values of the plans that compare these rollups, by their ids."""
    alike: dict[tuple[str, bool], list[tuple[int, Threshold]]] = {}
    for place, node in enumerate(rolled.nodes):
        for one in wanted.get(id(node), ()):
            alike.setdefault((one.plan.op, one.number_left), []).append((place, one))
    for (op, number_left), some in alike.items():
        places = np.array([place for place, _ in some])
        counts = rolled.edges[places + 1] - rolled.edges[places]
        rows = spans(rolled.edges[places], counts)
        numbers, values = np.repeat([one.number for _, one in some], counts), rolled.whole.values[rows, 0]
        kept = COMPARISON[op](*((numbers, values) if number_left else (values, numbers)))
        hits = np.flatnonzero(kept & rolled.whole.present[rows, 0])
        edges = hits.searchsorted(np.concatenate([[0], counts.cumsum()])).tolist()
        for (place, one), (low, high) in zip(some, pairwise(edges), strict=True):
            yield id(one.plan), _taken(rolled, rolled.nodes[place], rows[hits[low:high]])


def _taken(rolled: Rolled, node: Rollup, rows: IntArray) -> Grid:
    if not len(rows):
        return _NOTHING
    labels = _labels(node, [rolled.whole.labels[row] for row in rows.tolist()])
    return Grid(labels, rolled.whole.values[rows], np.ones((len(rows), 1), np.bool_))


_NOTHING = Grid.empty(1)


def _labels(node: Rollup, named: Sequence[Labels]) -> Sequence[Labels]:
    return named if node.keeps_name else without_names(named)


def _may_pass(node: Rollup) -> bool:
    return node.keeps_name or _one_name(node)


def _one_name(node: Rollup) -> bool:
    """Rows stay apart without their name, which all of them share."""
    return isinstance(node.source, Fetch) and node.source.one_name
