"""The quantile of some values, for windows and for groups of series alike."""

from __future__ import annotations

import numpy as np

from promql.model.types import BoolArray, FloatArray


def quantile(q: FloatArray, cells: FloatArray, filled: BoolArray) -> FloatArray:
    """Along the last axis of `cells[..., K, W]`, of the cells that `filled` (of a shape that fits) picks; `q[K]`.

    NaNs count as the lowest values. Outside 0..1 it is infinite; of NaN, or of nothing, it is NaN.
    """
    filled = np.broadcast_to(filled, cells.shape)
    count = filled.sum(axis=-1)
    low = (np.isnan(cells) & filled).sum(axis=-1)
    ordered = np.sort(np.where(filled, cells, np.inf), axis=-1)  # NaNs end up last; ranks below put them first
    rank = q * (count - 1)
    lower = np.maximum(np.floor(rank), 0.0)
    upper = np.minimum(lower + 1, count - 1)
    weight = rank - np.floor(rank)
    out = _at(ordered, lower, low) * (1 - weight) + _at(ordered, upper, low) * weight
    out = np.where(q < 0, -np.inf, np.where(q > 1, np.inf, out))
    return np.where(np.isnan(q) | (count == 0), np.nan, out)


def _at(ordered: FloatArray, rank: FloatArray, low: FloatArray) -> FloatArray:
    place = np.nan_to_num(rank, nan=0.0, posinf=0.0, neginf=0.0) - low
    index = np.clip(place, 0, ordered.shape[-1] - 1).astype(np.int64)
    found = np.take_along_axis(ordered, index[..., None], axis=-1)[..., 0]
    return np.where(place < 0, np.nan, found)
