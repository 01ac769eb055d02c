"""Aggregations that need all rows of a group at once, or choose among them: topk, limitk, quantile, count_values..."""

from __future__ import annotations

from hashlib import blake2b
from typing import Final

import numpy as np

from promql.errors import EvaluationError
from promql.execute.grouping import Grouping
from promql.functions.quantiles import quantile
from promql.model.grid import Grid
from promql.model.labels import Labels, is_plain_name
from promql.model.numbers import general, plain
from promql.model.types import BoolArray, FloatArray, IntArray

_INT64 = 2.0**63
_RUN: Final = 32
"""Rows of which the best is looked at first."""


def extreme(grid: Grid, grouping: Grouping, k: FloatArray, *, largest: bool) -> Grid:
    """The k best rows of each group at each step, whole; at a single step best first.

    NaN is chosen only where there is nothing else; among equals the earlier. Raises EvaluationError for a k that is
    no integer.
    """
    _check_whole(k)
    score = grid.values if largest else -grid.values
    group_of_row = grouping.assign(grid.labels)
    chosen = grid.present & (k >= 1)
    for members in _members(group_of_row, len(grouping)):
        if len(members) == len(score):
            chosen = _chosen(score, grid.present, np.trunc(k))
        elif (k < len(members)).any():
            chosen[members] = _chosen(score[members], grid.present[members], np.trunc(k))
    out = Grid(grid.labels, grid.values, chosen)
    if grid.values.shape[1] != 1:
        return out
    order = np.lexsort((-score[:, 0], np.isnan(score[:, 0]), group_of_row))
    return out.rows(order).compact()


def limited(grid: Grid, grouping: Grouping, k: FloatArray) -> Grid:
    """The first k rows of each group that have a value, at each step. Raises EvaluationError like `extreme`."""
    _check_whole(k)
    chosen = np.zeros_like(grid.present)
    for members in _members(grouping.assign(grid.labels), len(grouping)):
        present = grid.present[members]
        chosen[members] = present & (np.cumsum(present, axis=0) <= np.trunc(k))
    return Grid(grid.labels, grid.values, chosen)


def share(grid: Grid, ratio: FloatArray) -> Grid:
    """That part of the rows, always the same ones; a negative ratio gives the rows that its counterpart leaves out.

    Raises EvaluationError where the ratio is NaN.
    """
    if np.isnan(ratio).any():
        raise EvaluationError("Ratio value NaN is not a number")
    ratio = np.clip(ratio, -1.0, 1.0)
    place = np.array([_place(labels) for labels in grid.labels]).reshape(-1, 1)
    kept = np.where(ratio >= 0, place < ratio, place >= 1.0 + ratio)
    return Grid(grid.labels, grid.values, grid.present & kept)


def _place(labels: Labels) -> float:
    """Where a label set lies between 0 and 1, as if by chance, but the same at any time and in any process."""
    text = "\0".join(part for pair in labels for part in pair)
    return int.from_bytes(blake2b(text.encode(errors="replace"), digest_size=8).digest(), "big") / 2**64


def _check_whole(k: FloatArray) -> None:
    for wrong in k[~((k >= -_INT64) & (k < _INT64))][:1].tolist():
        raise EvaluationError(f"Scalar value {general(wrong)} overflows int64")


def _members(group_of_row: IntArray, groups: int) -> list[IntArray]:
    order = np.argsort(group_of_row, kind="stable")
    return np.split(order, np.cumsum(np.bincount(group_of_row, minlength=groups))[:-1]) if groups else []


def _chosen(score: FloatArray, present: BoolArray, k: FloatArray) -> BoolArray:
    """`bool[n, T]`: all above the k-th best score of a step, then the earliest of those that equal it, then NaNs."""
    valid = present & ~np.isnan(score)
    ranked = score if valid.all() else np.where(valid, score, -np.inf)
    some = _candidates(ranked, int(k.max()))
    if len(some) < len(score):
        out = np.zeros_like(present)
        out[some] = _chosen(score[some], present[some], k)
        return out
    place = np.clip(len(score) - k, 0, len(score) - 1).astype(np.int64)
    ordered = np.partition(ranked, np.unique(place), axis=0)
    threshold = np.take_along_axis(ordered, place[None, :], axis=0)
    chosen = valid & (score > threshold)
    for ties in (valid & (score == threshold), present & ~valid):
        room = k - chosen.sum(axis=0)
        tight = np.flatnonzero(ties.sum(axis=0) > room)
        ties[:, tight] &= np.cumsum(ties[:, tight], axis=0) <= room[tight]
        chosen |= ties
    return np.asarray(chosen & (k >= 1))


def _candidates(ranked: FloatArray, most: int) -> IntArray:
    """The rows that may be among the `most` best at some step. Runs of rows are looked at first: as many of them as are
    wanted have a row that is no worse than a bound, so no row below it is wanted.
    """
    runs = len(ranked) // _RUN
    if not 0 < most < runs // 2:
        return np.arange(len(ranked))
    best = ranked[: runs * _RUN].reshape(runs, _RUN, -1).max(axis=1)
    bound = np.partition(best, runs - most, axis=0)[runs - most]
    return np.flatnonzero((ranked >= bound).any(axis=1))


def quantiles(grid: Grid, grouping: Grouping, q: FloatArray) -> Grid:
    """The quantile of each group at each step."""
    group_of_row = grouping.assign(grid.labels)
    shape = (len(grouping), grid.values.shape[1])
    values, present = np.empty(shape), np.empty(shape, dtype=np.bool_)
    for group, members in enumerate(_members(group_of_row, len(grouping))):
        there = grid.present[members]
        values[group] = quantile(q, grid.values[members].T, there.T)
        present[group] = there.any(axis=0)
    return Grid(grouping.labels, values, present)


def count_values(grid: Grid, names: tuple[str, ...], label: str, *, without: bool) -> Grid:
    """How often each value occurs in each group; the value becomes a label.

    Raises EvaluationError for a name that no label can have.
    """
    if not is_plain_name(label):
        raise EvaluationError(f'invalid label name "{label}"')
    grouping = Grouping({*names, label} if without else set(names) - {label}, without=without)
    group_of_row = grouping.assign(grid.labels)
    row, column = np.nonzero(grid.present)
    told = not (without and label in names)  # else the label is taken away again, and with it the difference
    bits, kind = np.unique(grid.values[row, column].view(np.int64) * told, return_inverse=True)
    met, first, place = np.unique(group_of_row[row] * len(bits) + kind, return_index=True, return_inverse=True)
    order = np.argsort(first)
    counts = np.zeros((len(met), grid.values.shape[1]))
    np.add.at(counts, (np.argsort(order)[place], column), 1.0)
    texts = [plain(value) if told else "" for value in bits.view(np.float64).tolist()]
    groups = grouping.labels
    labels = [groups[code // len(bits)].set(label, texts[code % len(bits)]) for code in met[order].tolist()]
    return Grid(labels, counts, counts > 0)
