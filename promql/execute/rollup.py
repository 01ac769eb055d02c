"""Kernels run over all panels of a source, and what comes out put together as a grid."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from msgspec import Struct

from promql.errors import EvaluationError
from promql.execute.batches import Batch, Block, Where, batches
from promql.execute.edges import Reach
from promql.execute.limits import Limits
from promql.functions.windows import Kernel
from promql.model.grid import Grid
from promql.model.labels import Labels
from promql.model.panel import Given
from promql.model.rows import all_differ, without_names
from promql.model.types import BoolArray, FloatArray


class Piece(Struct, frozen=True):
    """What a kernel gives for some windows of a batch: `values: float64[s, k]`, `present: bool[1 or s, k]` for a block,
    one row of both for cells.
    """

    where: Where
    values: FloatArray
    present: BoolArray


@dataclass(frozen=True)
class Rolling:
    """One kernel over some panels. It can be had piece by piece, or as a grid."""

    kernel: Kernel
    args: Sequence[FloatArray]
    reach: Reach
    batches: Sequence[Batch]
    limits: Limits

    @classmethod
    def over(
        cls, given: Sequence[Given], reach: Reach, kernel: Kernel, args: Sequence[FloatArray], limits: Limits
    ) -> Rolling:
        """Raises TooManySamplesError before anything is computed."""
        cut = list(batches(given, reach))
        limits.spend(sum(batch.cells for batch in cut))
        return cls(kernel, args, reach, cut, limits)

    def pieces(self, batch: Batch) -> Iterator[Piece]:
        for where, windows in batch.windows(self.reach):
            self.limits.pause()
            values, present = self.kernel(windows, [arg[where.steps] for arg in self.args])
            yield Piece(where, values, present)

    def grid(self, *, keeps_name: bool) -> Grid:
        """All of it, rows in the order of creation. Raises EvaluationError where names told two series apart."""
        grid = self.whole()
        if self.reach.at.count == 1 or not keeps_name:
            grid = grid.compact()
        return grid if keeps_name else nameless(grid)

    def whole(self) -> Grid:
        """A row for every series that reaches into a window, by number, with its name."""
        steps = self.reach.at.count
        return Grid(*self._filled(steps)) if self.batches else Grid.empty(steps)

    def _filled(self, steps: int) -> tuple[list[Labels], FloatArray, BoolArray]:
        refs = np.concatenate([batch.refs for batch in self.batches])
        found = [one for batch in self.batches for one in batch.labels]
        home = np.arange(len(refs))
        if (refs[1:] < refs[:-1]).any():
            order = refs.argsort(kind="stable")
            home[order] = np.arange(len(refs))
            found = [found[i] for i in order.tolist()]
        self.limits.spend(len(refs) * steps)
        values, present = np.zeros((len(refs), steps)), np.zeros((len(refs), steps), dtype=np.bool_)
        start = 0
        for batch in self.batches:
            count = len(batch.refs)
            rows = home[start : start + count]
            start += count
            for piece in self.pieces(batch):
                at = piece.where
                to = _as_slice(rows[at.rows]) if isinstance(at, Block) else rows[at.rows]
                values[to, at.steps], present[to, at.steps] = piece.values, piece.present
        return found, values, present


def _as_slice(rows: np.ndarray) -> slice | np.ndarray:
    """The same rows as a slice where they follow each other, which copies faster."""
    follow = rows[-1] - rows[0] == len(rows) - 1 and bool((rows[1:] > rows[:-1]).all())
    return slice(int(rows[0]), int(rows[-1]) + 1) if follow else rows


def nameless(grid: Grid) -> Grid:
    """Raises EvaluationError where names told two series apart."""
    labels = without_names(grid.labels)
    if not all_differ(labels):
        raise EvaluationError("vector cannot contain metrics with the same labelset")
    return Grid(labels, grid.values, grid.present)
