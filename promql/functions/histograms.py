"""Quantiles of classic histograms: cumulative counts in series that differ in their label `le` alone.

Histograms with the same buckets are worked on together, as an array of histograms by buckets by steps. A
bucket that is missing at a step counts as nothing there: neighbours are looked up among those that are present.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from typing import Final, cast

import numpy as np

from promql.model.grid import Grid, Value, merged
from promql.model.labels import Labels
from promql.model.rows import without_names
from promql.model.types import BoolArray, FloatArray, IntArray

_NUMBER: Final = re.compile(  # noqa: TID251 - ours, linear
    r"[+-]?(?:(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?|inf(?:inity)?|nan|(0x(?:[0-9a-f]+\.?[0-9a-f]*|\.[0-9a-f]+)p[+-]?\d+))",
    re.ASCII | re.IGNORECASE,
)


def histogram_quantile(_times: IntArray, args: Sequence[Value]) -> Value:
    q, grid = cast("FloatArray", args[0]), cast("Grid", args[1])
    histograms = _histograms(grid)
    layouts: dict[tuple[float, ...], list[Labels]] = defaultdict(list)
    for labels, buckets in histograms.items():
        layouts[tuple(sorted(buckets))].append(labels)
    values = np.empty((len(histograms), grid.values.shape[1]))
    present = np.empty(values.shape, dtype=np.bool_)
    place = {labels: i for i, labels in enumerate(histograms)}
    for bounds, members in layouts.items():
        rows = [place[labels] for labels in members]
        counts, there = _stacked(grid, [[histograms[labels][bound] for bound in bounds] for labels in members])
        values[rows], present[rows] = _quantiles(q, np.array(bounds), counts, there), there.any(axis=1)
    return merged(Grid(without_names(list(histograms)), values, present))


def _histograms(grid: Grid) -> dict[Labels, dict[float, list[int]]]:
    """For each histogram, by its labels without `le`: the rows of each upper bound (one, written in several ways)."""
    found: dict[Labels, dict[float, list[int]]] = {}
    bounds: dict[str, float | None] = {}
    for row, labels in enumerate(grid.labels):
        text = labels.get("le")
        if text not in bounds:
            bounds[text] = _bound(text)
        if (bound := bounds[text]) is not None:
            found.setdefault(labels.without(("le",)), {}).setdefault(bound, []).append(row)
    return found


def _bound(text: str) -> float | None:
    found = _NUMBER.fullmatch(text)
    if found is None:
        return None
    return float.fromhex(text) if found[1] else float(text)


def _stacked(grid: Grid, rows: list[list[list[int]]]) -> tuple[FloatArray, BoolArray]:
    """Counts and presence, `[histograms, buckets, steps]`; rows of one bound are added up."""
    if all(len(same) == 1 for histogram in rows for same in histogram):
        index = np.array(rows)[..., 0]
        return grid.values[index], grid.present[index]
    filled = np.where(grid.present, grid.values, 0.0)
    return (
        np.array([[filled[same].sum(axis=0) for same in histogram] for histogram in rows]),
        np.array([[grid.present[same].any(axis=0) for same in histogram] for histogram in rows]),
    )


def _quantiles(q: FloatArray, bounds: FloatArray, counts: FloatArray, there: BoolArray) -> FloatArray:
    """`q[T]`, `bounds[B]` ascending, `counts[H, B, T]` -> `[H, T]`. Raises nothing: what makes no sense is NaN."""
    steps = counts.shape[::2]
    if len(bounds) < 2 or bounds[-1] != np.inf:
        out = np.full(steps, np.nan)
    else:
        out = _interpolated(q, bounds, np.maximum.accumulate(np.where(there, counts, -np.inf), axis=1), there)
        out[~there[:, -1] | (there.sum(axis=1) < 2)] = np.nan
    out = np.where(q < 0, -np.inf, np.where(q > 1, np.inf, out))
    return np.where(np.isnan(q), np.nan, out)


def _interpolated(q: FloatArray, bounds: FloatArray, counts: FloatArray, there: BoolArray) -> FloatArray:
    """Counts only rise here. The bucket that holds the rank is crossed in a straight line."""
    number = np.arange(len(bounds))[None, :, None]
    newest = np.maximum.accumulate(np.where(there, number, -1), axis=1)  # the last present bucket up to each
    total = counts[:, -1]
    rank = q * total
    reached = (counts >= rank[:, None]) & there
    reached[:, -1] = True
    bucket = reached.argmax(axis=1)
    below = np.where(bucket > 0, _pick(newest, np.maximum(bucket - 1, 0)), -1)
    start = np.where(below >= 0, bounds[below], 0.0)
    before = np.where(below >= 0, _pick(counts, below), 0.0)
    end, inside = bounds[bucket], _pick(counts, bucket) - before
    out = start + (end - start) * ((rank - before) / inside)
    out = np.where((below < 0) & (end <= 0), end, out)
    out = np.where(bucket == len(bounds) - 1, bounds[below], out)
    return np.where(total == 0, np.nan, out)


def _pick(cells: FloatArray | IntArray, bucket: IntArray) -> FloatArray:
    return cast("FloatArray", np.take_along_axis(cells, bucket[:, None], axis=1)[:, 0])
