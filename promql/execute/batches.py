"""Panels and strands cut into pieces of work that fit a processor's cache: windows over some rows at some steps.

A large panel is cut by rows, and its window edges are found once. Small ones (series that share their instants with
hardly anybody) are laid end to end, so that numpy sees thousands of windows at a time either way. Steps at which a
series can have no value are left out, so series that lived for minutes cost minutes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import Final, Protocol

import numpy as np
from msgspec import Struct
from msgspec.structs import replace

from promql.execute.edges import Reach, holds_all, span, spans, steps_of, uniform, windows_of
from promql.execute.laying import joined
from promql.functions.windows import Windows
from promql.model.labels import Labels
from promql.model.panel import Given, Later, Panel, Selected, Strands
from promql.model.types import IntArray

_CELLS: Final = 1 << 17
"""Samples (or windows) worked on at a time: 1 MB an array."""
_KEPT: Final = 1 << 22
_FEW: Final = 16
"""A panel of fewer series is laid end to end with its neighbours."""
_NO_BORDERS: Final = np.empty(0, dtype=np.int64)


class Block(Struct, frozen=True):
    """Windows of each of some rows of a batch (a slice, or `int64[s]`) at each of some steps."""

    rows: slice | IntArray
    steps: slice


class Cells(Struct, frozen=True):
    """Windows one by one: of which row of a batch, at which step, `int64[W]` each; row by row, steps ascend."""

    rows: IntArray
    steps: IntArray


Where = Block | Cells


class Batch(Protocol):
    """Rows in the order of their creation. `cells`: how many values it can give."""

    @property
    def refs(self) -> IntArray: ...

    @property
    def labels(self) -> Sequence[Labels]: ...

    @property
    def cells(self) -> int: ...

    def windows(self, reach: Reach) -> Iterator[tuple[Where, Windows]]: ...


class _Shared(Struct, frozen=True):
    """A panel, at the steps at which it can have a value."""

    panel: Panel
    steps: slice

    @property
    def refs(self) -> IntArray:
        return self.panel.refs

    @property
    def labels(self) -> Sequence[Labels]:
        return self.panel.labels

    @property
    def cells(self) -> int:
        return len(self.panel.refs) * int(self.steps.stop - self.steps.start)

    def windows(self, reach: Reach) -> Iterator[tuple[Where, Windows]]:
        panel, ends, at = self.panel, reach.ends.times[self.steps], reach.at.times[self.steps]
        lo = panel.times.searchsorted(ends - reach.length, side="left")[None, :]
        hi = panel.times.searchsorted(ends, side="right")[None, :]
        run = max(_CELLS // max(len(panel.times), len(ends)), 1)
        for start in range(0, len(panel.refs), run):
            rows = slice(start, start + run)
            values = np.ascontiguousarray(panel.values[rows])
            yield (
                Block(rows, self.steps),
                Windows(panel.times, values, lo, hi, ends, reach.length, at, _NO_BORDERS),
            )


class _Flat(Struct, frozen=True):
    """Strands, with the first step and the number of steps at which each can have a value: `int64[S]` each."""

    strands: Strands
    first: IntArray
    count: IntArray

    @property
    def refs(self) -> IntArray:
        return self.strands.refs

    @property
    def labels(self) -> Sequence[Labels]:
        return self.strands.labels

    @property
    def cells(self) -> int:
        return int(self.count.sum())

    def windows(self, reach: Reach) -> Iterator[tuple[Where, Windows]]:
        first, count = self.first, self.count
        lo, hi, shift = windows_of(self.strands, reach, first, count)
        values, times, borders = self.strands.values, self.strands.times, self.strands.offsets[1:-1]
        where: Where
        if (steps := uniform(first, count)) is not None:
            where = Block(slice(0, len(first)), steps)
            shape = (len(first), -1)
            shift = None if shift is None else shift[:, None]
            ends, at = reach.ends.times[steps], reach.at.times[steps]
        else:
            cells = spans(first, count)
            where = Cells(np.repeat(np.arange(len(first)), count), cells)
            shape = (1, -1)
            shift = None if shift is None else np.repeat(shift, count)[None, :]
            ends, at = reach.ends.times[cells], reach.at.times[cells]
        edges = lo.reshape(shape), hi.reshape(shape)
        yield where, Windows(times, values, *edges, ends, reach.length, at, borders, shift)


class _Deferred(Struct, frozen=True):
    """Series that are fetched when their windows are wanted, and let go with the last of them."""

    later: Later
    cells: int

    @property
    def refs(self) -> IntArray:
        return self.later.refs

    @property
    def labels(self) -> Sequence[Labels]:
        return self.later.labels

    def windows(self, reach: Reach) -> Iterator[tuple[Where, Windows]]:
        for batch in batches(self.later.fetch(), reach):
            rows = self.refs.searchsorted(batch.refs)
            alike = len(rows) == len(self.refs) and bool((rows[1:] > rows[:-1]).all())
            for where, windows in batch.windows(reach):
                yield where if alike else replace(where, rows=rows[where.rows]), windows


def batches(given: Iterable[Given], reach: Reach) -> Iterator[Batch]:
    """All that reaches into a window, in the order of the first series of each."""
    _keep_pages()
    held: list[Selected] = []
    samples = 0
    for one in sorted((s for s in given if isinstance(s, Later) or s.values.size), key=lambda one: int(one.refs[0])):
        if isinstance(one, Later):
            yield _Deferred(one, int(span(reach, one.firsts, one.lasts)[1].sum()))
            continue
        if len(one.refs) < _FEW:
            held.append(one)
            samples += one.values.size
            if samples < _CELLS:
                continue
        elif not held:
            yield from _cut(one, reach)
            continue
        yield from _cut(_together(held), reach)
        held, samples = [], 0
        if len(one.refs) >= _FEW:
            yield from _cut(one, reach)
    if held:
        yield from _cut(_together(held), reach)


def _together(some: Sequence[Selected]) -> Selected:
    return some[0] if len(some) == 1 else joined(some)


def _keep_pages() -> None:
    """Free one block larger than any of a piece's: from then on glibc keeps such memory for the next piece.

    Else each array of a piece is given back to the system and its pages faulted in again, which was half the time.
    """
    np.empty(_KEPT, dtype=np.uint8)


def _cut(one: Selected, reach: Reach) -> Iterator[Batch]:
    """A panel as one batch, which is cut later; strands as pieces of some samples and windows each."""
    if isinstance(one, Panel):
        steps = steps_of(reach, int(one.times[0]), int(one.times[-1]))
        if steps.stop > steps.start:
            yield _Shared(one, steps)
        return
    if reach.at.count == 1 and one.values.size < _CELLS and holds_all(reach, one.times):
        yield _Flat(one, np.zeros(len(one.refs), np.int64), np.ones(len(one.refs), np.int64))
        return
    first, count = span(reach, one.firsts, one.lasts)
    load = np.maximum(one.counts, count).cumsum()
    edges = [0, *(np.flatnonzero(np.diff(load // _CELLS)) + 1).tolist(), len(load)]
    for low, high in pairwise(edges):
        if count[low:high].any():
            yield _Flat(one.some(low, high), first[low:high], count[low:high])
