"""What a range function sees: the samples of some series, and where each step's window begins and ends in them.

Two layouts, one arithmetic. *Shared*: all series were sampled at the same instants; `times` is `int64[T]`,
`values` is `float64[S, T]`, edges are `int64[1, K]`. *Flat*: series lie end to end (`values` is `[N]`), edges are
`int64[S, K]` and count from the start of the whole; or, where series live at different steps, all windows of all
series stand in one row, `int64[1, K]`. Kernels work along the last axis and gather through `take` and `times_at`, so
that none asks which layout it has; what they make of a window that reaches over the end of a row can't happen, since
no window does.

Laws: no kernel loops over series or samples. Sums inside windows never come from one long prefix sum of
floats: next to a counter near 1e17 that lost a whole reset of 2.7.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace  # noqa: TID251 - windows are a data class
from functools import cached_property
from typing import Any, Final, TypeAlias

import numpy as np

from promql.model.types import AnyArray, BoolArray, FloatArray, IntArray

_CELLS: Final = 1 << 19
"""Cells of a table of window contents that are laid out at a time: 4 MB."""


@dataclass(frozen=True)
class Windows:
    """S series, K windows. A window is `lo <= i < hi`; `ends` are the windows' nominal last instants, `length`
    their nominal length, `at` the instants of evaluation (all Unix ms, `int64[K]`).

    `borders` are the positions at which series of the flat layout begin, after the first; none in the shared one.
    `shift: int64[1 or S, 1 or K]` is given where flat series lie on a table's instants: the sample at `i` was taken
    at `times[i - shift]`.
    """

    times: IntArray
    values: FloatArray
    lo: IntArray
    hi: IntArray
    ends: IntArray
    length: int
    at: IntArray
    borders: IntArray
    shift: IntArray | None = None

    @cached_property
    def count(self) -> IntArray:
        """Samples in each window: `int64[1 or S, K]`."""
        return self.hi - self.lo

    @cached_property
    def first(self) -> IntArray:
        """Where the first sample of each window is; anywhere valid for an empty one."""
        return np.asarray(np.minimum(self.lo, self.values.shape[-1] - 1))

    @cached_property
    def last(self) -> IntArray:
        """Where the last sample of each window is; anywhere valid for an empty one."""
        return np.maximum(self.hi - 1, 0)

    @property
    def shape(self) -> tuple[int, int]:
        """Series and windows."""
        series = self.values.shape[0] if self.shared else self.lo.shape[0]
        return (series, self.lo.shape[1])

    @property
    def shared(self) -> bool:
        return self.values.ndim == 2

    def holding(self, samples: int) -> BoolArray:
        """Which windows have at least so many samples: `bool[1 or S, K]`."""
        return np.greater_equal(self.count, samples)

    def take(self, cells: AnyArray, index: IntArray) -> AnyArray:
        """One cell for each window, `[S, K]`, from an array like `values` (or somewhat shorter at its end)."""
        return cells.take(index[0], axis=1) if cells.ndim == 2 else cells.take(index)

    def times_at(self, index: IntArray) -> IntArray:
        """When the samples at such places were taken: `[1 or S, K]`, or with one more axis as `contents` has it."""
        if self.shift is None:
            return self.times.take(index)
        shift = self.shift if index.ndim == self.shift.ndim else self.shift[..., None]
        return self.times.take(index - shift, mode="clip")  # an empty window may lie beyond

    def gathered(self, cells: AnyArray, index: IntArray, some: BoolArray) -> AnyArray:
        """The same for those windows alone that a mask like `count` picks, in the order of `picked`."""
        return cells.take(index[some], axis=-1)

    def picked(self, some: BoolArray) -> Any:
        """What picks the same windows out of an `[S, K]` array."""
        return (slice(None), some[0]) if self.shared else some

    def changes(self, test: Callable[[AnyArray, AnyArray], BoolArray]) -> BoolArray:
        """Where `test(sample, the one before)` holds, shaped like `values`; never at a row's first sample."""
        flags = np.zeros(self.values.shape, dtype=np.bool_)
        flags[..., 1:] = test(self.values[..., 1:], self.values[..., :-1])
        flags[..., self.borders] = False
        return flags

    def scaled(self, factor: float) -> Windows:
        return replace(self, values=self.values * factor)

    def blocks(self) -> Iterator[tuple[slice, Windows]]:
        """Runs of windows whose contents, laid out one window a row, stay small."""
        widest = max(int(self.count.max(initial=0)), 1)
        run = max(_CELLS // (widest * max(self.shape[0], 1)), 1)
        for start in range(0, self.shape[1], run):
            part = slice(start, start + run)
            shift = self.shift if self.shift is None or self.shift.shape[1] == 1 else self.shift[:, part]
            edges = (self.lo[:, part], self.hi[:, part], self.ends[part])
            yield part, Windows(self.times, self.values, *edges, self.length, self.at[part], self.borders, shift)

    def contents(self) -> tuple[IntArray, BoolArray]:
        """Where the samples of each window are, `int64[1 or S, K, W]`, and which of the W places are filled."""
        places = np.arange(max(int(self.count.max(initial=0)), 1))
        index = self.lo[..., None] + places
        return np.minimum(index, self.values.shape[-1] - 1), places < self.count[..., None]

    def lay_out(self, index: IntArray) -> FloatArray:
        """The samples at such places: `float64[S, K, W]`."""
        return self.values.take(index[0], axis=1) if self.shared else self.values.take(index)


Answer: TypeAlias = tuple[FloatArray, BoolArray]
"""Values `float64[S, K]`, and where there is one: `bool[1 or S, K]`."""

Kernel: TypeAlias = Callable[[Windows, Sequence[FloatArray]], Answer]
"""A range function: windows, and its scalar arguments at each step (`float64[K]`)."""
