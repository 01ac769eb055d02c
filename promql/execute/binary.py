"""Operators between scalars and vectors, and between vectors whose rows match."""

from __future__ import annotations

import numpy as np
from msgspec.structs import replace

from promql.errors import EvaluationError
from promql.execute.matching import Keys, Pairing, check_one_side, overlap
from promql.functions.operators import ARITHMETIC, COMPARISON, DROPS_NAME
from promql.model.grid import Grid, merged
from promql.model.labels import Labels
from promql.model.rows import without_names
from promql.model.types import BoolArray, FloatArray, IntArray
from promql.syntax.ast import Cardinality, VectorMatching


def with_scalar(op: str, grid: Grid, scalar: FloatArray, *, scalar_left: bool, as_bool: bool) -> Grid:
    """Each element with the scalar of its step. A comparison keeps the element's own value, on either side."""
    left, right = (scalar[None, :], grid.values) if scalar_left else (grid.values, scalar[None, :])
    values, kept = _computed(op, left, right, grid.values, as_bool=as_bool)
    if op in DROPS_NAME or as_bool:
        return _settled(Grid(without_names(grid.labels), values, grid.present & kept))
    out = Grid(grid.labels, values, grid.present & kept)
    return out.compact() if values.shape[1] == 1 else out


def of_vectors(op: str, left: Grid, right: Grid, matching: VectorMatching, *, as_bool: bool) -> Grid:
    """Elements that match, one of them unique in its group. Raises EvaluationError where it is not."""
    swapped = matching.cardinality is Cardinality.ONE_TO_MANY
    many, one = (right, left) if swapped else (left, right)
    pairing = Pairing.of(many.labels, one.labels, matching, drops_names=op in DROPS_NAME or as_bool)
    if not pairing.one_is_unique:
        asked: BoolArray = np.logical_or.reduce(many.present, axis=0)
        check_one_side(one, pairing.of_one_rows, asked, matching)
    there = many.present[pairing.many] & one.present[pairing.one]
    ours, theirs = many.values[pairing.many], one.values[pairing.one]
    first, second = (theirs, ours) if swapped else (ours, theirs)
    values, kept = _computed(op, first, second, first, as_bool=as_bool)
    out = Grid(pairing.labels, values, there & kept)
    if not pairing.is_unique:
        _check_unique(out, pairing.groups, matching)
    return _settled(out)


def sets(op: str, left: Grid, right: Grid, matching: VectorMatching) -> Grid:
    """`and`, `or`, `unless`: whether an element's group has anything on the other side at the same step."""
    keys = Keys.of(left.labels, right.labels, matching)
    if op == "or":
        rest = right.present & ~_present_groups(left.present, keys.left, keys.count)[keys.right]
        values, present = np.concatenate([left.values, right.values]), np.concatenate([left.present, rest])
        return _settled(Grid([*left.labels, *right.labels], values, present))
    met = _present_groups(right.present, keys.right, keys.count)[keys.left]
    return _settled(replace(left, present=left.present & (met if op == "and" else ~met)))


def _computed(
    op: str, left: FloatArray, right: FloatArray, kept_value: FloatArray, *, as_bool: bool
) -> tuple[FloatArray, BoolArray | bool]:
    """Values, and which elements stay."""
    if op in ARITHMETIC:
        return ARITHMETIC[op](left, right), True
    holds = COMPARISON[op](left, right)
    return (np.where(holds, 1.0, 0.0), True) if as_bool else (kept_value, holds)


def _settled(grid: Grid) -> Grid:
    out = merged(grid)
    return out.compact() if out.values.shape[1] == 1 else out


def _check_unique(out: Grid, groups: IntArray, matching: VectorMatching) -> None:
    """Elements that survived a comparison must be alone in their group, or at least differ by labels in it."""
    if matching.cardinality is Cardinality.ONE_TO_ONE:
        if overlap(out.present, groups):
            raise EvaluationError(
                "multiple matches for labels: many-to-one matching must be explicit (group_left/group_right)"
            )
        return
    seen: dict[tuple[int, Labels], int] = {}
    alike = [seen.setdefault(key, len(seen)) for key in zip(groups.tolist(), out.labels, strict=True)]
    if overlap(out.present, np.array(alike, dtype=np.int64)):
        raise EvaluationError("multiple matches for labels: grouping labels must ensure unique matches")


def _present_groups(present: BoolArray, groups: IntArray, count: int) -> BoolArray:
    """`bool[groups, T]`: which have a value at which step."""
    out = np.zeros((count, present.shape[1]), dtype=np.bool_)
    np.logical_or.at(out, groups, present)
    return out
