"""Which rows of two grids belong together.

Labels don't change from step to step, so rows are paired once for all steps. What does change is presence, and
Prometheus judges each step by itself: that a side is not unique is an error only at a step where two rows
that match have values. So such rows are merely paired here, and counted there.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from msgspec import Struct

from promql.errors import EvaluationError
from promql.execute.grouping import Grouping
from promql.model.grid import Grid
from promql.model.labels import METRIC_NAME, Labels, quote
from promql.model.rows import Rows, once
from promql.model.types import BoolArray, IntArray
from promql.syntax.ast import Cardinality, VectorMatching


class Keys(Struct, frozen=True):
    """The match group of each row of both sides, numbered from 0 to `count`."""

    left: IntArray
    right: IntArray
    count: int

    @classmethod
    def of(cls, left: Sequence[Labels], right: Sequence[Labels], matching: VectorMatching) -> Keys:
        grouping = Grouping(matching.labels, without=not matching.on)
        keys = grouping.assign(left), grouping.assign(right)
        return cls(*keys, len(grouping))


class Pairing(Struct, frozen=True):
    """Which rows meet, and what comes of them, as far as labels tell.

    `many` and `one: int64[P]` are rows of the two sides, `labels` those of the results, `groups: int64[P]` their match
    groups, and `of_one_rows: int64` those of all rows of the side that must be unique. Where `one_is_unique` no two of
    these share a group, where `is_unique` no two results do.
    """

    many: IntArray
    one: IntArray
    labels: Sequence[Labels]
    groups: IntArray
    of_one_rows: IntArray
    one_is_unique: bool
    is_unique: bool

    @classmethod
    def of(
        cls, many: Sequence[Labels], one: Sequence[Labels], matching: VectorMatching, *, drops_names: bool
    ) -> Pairing:
        """The same one for the same two sides, but where rows meet several: those may be as many as the product."""

        def made() -> tuple[Sequence[Labels], Pairing]:
            return one, cls._made(many, one, matching, drops_names=drops_names)

        if not (isinstance(one, Rows) and _each_alone(one, matching)):
            return made()[1]
        return once(many, ("pairs", id(one), matching, drops_names), made)[1]  # with `one`, whose id stays its own

    @classmethod
    def _made(
        cls, many: Sequence[Labels], one: Sequence[Labels], matching: VectorMatching, *, drops_names: bool
    ) -> Pairing:
        keys = Keys.of(many, one, matching)
        of_many, of_one = pairs(keys.left, keys.right, keys.count)
        met = zip(of_many.tolist(), of_one.tolist(), strict=True)
        labels = Rows(_result_labels(many[i], one[j], matching, drops_name=drops_names) for i, j in met)
        groups = keys.left[of_many]
        return cls(of_many, of_one, labels, groups, keys.right, _unique(keys.right), _unique(groups))


def _each_alone(labels: Sequence[Labels], matching: VectorMatching) -> bool:
    """Whether no two of these rows share a group."""
    grouping = Grouping(matching.labels, without=not matching.on)
    return once(labels, ("each alone", matching.labels, matching.on), lambda: _unique(grouping.assign(labels)))


def _unique(groups: IntArray) -> bool:
    return len(set(groups.tolist())) == len(groups)


def _result_labels(many: Labels, one: Labels, matching: VectorMatching, *, drops_name: bool) -> Labels:
    labels = many.without_name() if drops_name else many
    if matching.cardinality is Cardinality.ONE_TO_ONE:
        labels = labels.keep(matching.labels) if matching.on else labels.without(matching.labels)
    return labels.overlay({name: one.get(name) for name in matching.include}) if matching.include else labels


def pairs(many: IntArray, one: IntArray, groups: int) -> tuple[IntArray, IntArray]:
    """All pairs of rows that share a group, ordered by the first side's rows, then by the other's."""
    order = np.argsort(one, kind="stable")
    size = np.bincount(one, minlength=groups)
    begin = np.cumsum(size) - size
    repeats = size[many]
    left = np.repeat(np.arange(len(many)), repeats)
    within = np.arange(len(left)) - np.repeat(np.cumsum(repeats) - repeats, repeats)
    return left, order[begin[many[left]] + within]


def overlap(present: BoolArray, groups: IntArray) -> tuple[int, int] | None:
    """Two rows of one group that both have a value at some step: the first that is met, going by steps."""
    if len(np.unique(groups)) == len(groups):
        return None
    row, column = np.nonzero(present)
    order = np.lexsort((row, column))
    row, column = row[order], column[order]
    cell = groups[row] * present.shape[1] + column
    _, first, place = np.unique(cell, return_index=True, return_inverse=True)
    again = np.flatnonzero(first[place] != np.arange(len(cell)))
    return (int(row[first[place[again[0]]]]), int(row[again[0]])) if again.size else None


def check_one_side(one: Grid, keys: IntArray, asked: BoolArray, matching: VectorMatching) -> None:
    """Raises EvaluationError where two rows of the side that must be unique share a group at a step.

    `asked: bool[T]` are the steps at which the other side has anything at all.
    """
    found = overlap(one.present & asked, keys)
    if found is None:
        return
    earlier, later = (one.labels[i] for i in found)
    group = later.keep(matching.labels) if matching.on else later.without({*matching.labels, METRIC_NAME})
    side = "left" if matching.cardinality is Cardinality.ONE_TO_MANY else "right"
    raise EvaluationError(
        f"found duplicate series for the match group {_braced(group)} on the {side} hand-side of the operation: "
        f"[{_braced(later)}, {_braced(earlier)}];many-to-many matching not allowed: "
        "matching labels must be unique on one side"
    )


def _braced(labels: Labels) -> str:
    """As Go prints a label set: the name is a label like any other."""
    return "{" + ", ".join(f"{name}={quote(value)}" for name, value in labels) + "}"
