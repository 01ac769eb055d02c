"""Range functions that pick one sample of a window, by place or by value, and tell its value or its time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from promql.functions.windows import Answer, Kernel, Windows
from promql.model.types import FloatArray


def first(windows: Windows, _args: Sequence[FloatArray]) -> Answer:
    return windows.take(windows.values, windows.first), windows.holding(1)


def time_of_first(windows: Windows, _args: Sequence[FloatArray]) -> Answer:
    """When the first sample was taken, in seconds."""
    return np.broadcast_to(windows.times_at(windows.first) / 1000, windows.shape), windows.holding(1)


def time_of_last(windows: Windows, _args: Sequence[FloatArray]) -> Answer:
    return np.broadcast_to(windows.times_at(windows.last) / 1000, windows.shape), windows.holding(1)


def time_of(best: Callable[..., Any]) -> Kernel:
    """When the best value was last seen: `best` is a ufunc that prefers numbers, so NaN only where all are NaN."""

    def kernel(windows: Windows, _args: Sequence[FloatArray]) -> Answer:
        out = np.empty(windows.shape)
        for part, block in windows.blocks():
            index, filled = block.contents()
            cells = np.where(filled, block.lay_out(index), np.nan)
            top = best.reduce(cells, axis=-1)[..., None]  # type: ignore[attr-defined]
            met = filled & ((cells == top) | np.isnan(top))
            place = met.shape[-1] - 1 - met[..., ::-1].argmax(axis=-1)
            at = np.take_along_axis(np.broadcast_to(index, met.shape), place[..., None], axis=-1)[..., 0]
            out[:, part] = block.times_at(at) / 1000
        return out, windows.holding(1)

    return kernel
