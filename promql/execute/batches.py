"""Panels cut into pieces of work that fit a processor's cache: windows over some rows at some steps.

A panel of many series is cut by rows, and its window edges are found once. Panels of a few series (those that
share their instants with nobody) are laid end to end, so that numpy sees thousands of windows at a time either
way; only the search for edges goes panel by panel. Steps at which nothing in a batch can have a sample are left
out, so series that lived for minutes cost minutes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Final

import numpy as np

from promql.functions.windows import Windows
from promql.model.grid import Steps
from promql.model.labels import Labels
from promql.model.panel import Panel
from promql.model.types import IntArray

_CELLS: Final = 1 << 17
"""Samples (or windows) worked on at a time: 1 MB an array."""
_KEPT: Final = 1 << 22
_FEW: Final = 16
"""A panel of fewer series is laid end to end with its neighbours."""
_NO_BORDERS: Final = np.empty(0, dtype=np.int64)


@dataclass(frozen=True, slots=True)
class Reach:
    """Where windows end, how long they are, and at which instants they are evaluated."""

    ends: Steps
    length: int
    at: Steps


@dataclass(frozen=True, slots=True)
class Batch:
    """Rows in the order of their creation, and the range of steps at which they can have a value."""

    panels: Sequence[Panel]
    steps: slice

    @property
    def refs(self) -> IntArray:
        return np.concatenate([panel.refs for panel in self.panels])

    @property
    def labels(self) -> Sequence[Labels]:
        if len(self.panels) == 1:
            return self.panels[0].labels
        return list(chain.from_iterable(panel.labels for panel in self.panels))

    @property
    def cells(self) -> int:
        """How many values it can give."""
        return sum(len(panel.refs) for panel in self.panels) * len(range(self.steps.start, self.steps.stop))

    def windows(self, reach: Reach) -> Iterator[tuple[slice, Windows]]:
        """Which rows of the batch, and their windows at its steps."""
        ends, at = reach.ends.times[self.steps], reach.at.times[self.steps]
        if len(self.panels) > 1:
            yield slice(0, None), _flat(self.panels, ends, reach.length, at)
        else:
            yield from _shared(self.panels[0], ends, reach.length, at)


def batches(panels: Iterable[Panel], reach: Reach) -> Iterator[Batch]:
    """All panels that reach into a window, in the order of their first series."""
    _keep_pages()
    held: list[Panel] = []
    samples = 0
    for panel in sorted((p for p in panels if p.refs.size and p.times.size), key=lambda panel: int(panel.refs[0])):
        few = len(panel.refs) < _FEW
        samples += panel.values.size
        if held and not (few and samples <= _CELLS):
            yield from _batch(held, reach)
            held, samples = [], panel.values.size
        held.append(panel)
        if not few:
            yield from _batch(held, reach)
            held, samples = [], 0
    yield from _batch(held, reach)


def _keep_pages() -> None:
    """Free one block larger than any of a piece's: from then on glibc keeps such memory for the next piece.

    Else each array of a piece is given back to the system and its pages faulted in again, which was half the time.
    """
    np.empty(_KEPT, dtype=np.uint8)


def _batch(panels: list[Panel], reach: Reach) -> Iterator[Batch]:
    if panels:
        first = min(int(panel.times[0]) for panel in panels)
        last = max(int(panel.times[-1]) for panel in panels)
        steps = _span(reach, first, last)
        if steps.start < steps.stop:
            yield Batch(panels, steps)


def _span(reach: Reach, first: int, last: int) -> slice:
    """The steps whose windows can hold an instant between the two."""
    ends = reach.ends
    if ends.step == 0:
        inside = ends.start >= first and ends.start - reach.length <= last
        return slice(0, ends.count if inside else 0)
    start = max(-(-(first - ends.start) // ends.step), 0)
    return slice(start, min((last + reach.length - ends.start) // ends.step + 1, ends.count))


def _shared(panel: Panel, ends: IntArray, length: int, at: IntArray) -> Iterator[tuple[slice, Windows]]:
    lo = panel.times.searchsorted(ends - length, side="left")[None, :]
    hi = panel.times.searchsorted(ends, side="right")[None, :]
    run = max(_CELLS // max(len(panel.times), len(ends)), 1)
    for start in range(0, len(panel.refs), run):
        rows = slice(start, start + run)
        values = np.ascontiguousarray(panel.values[rows])
        yield rows, Windows(panel.times, values, lo, hi, ends, length, at, _NO_BORDERS)


def _flat(panels: Sequence[Panel], ends: IntArray, length: int, at: IntArray) -> Windows:
    keys = np.concatenate([ends - length, ends + 1])
    edges = np.array([panel.times.searchsorted(keys) for panel in panels])
    series = np.array([len(panel.refs) for panel in panels])
    times = [panel.times for panel in panels]
    if (series > 1).any():
        edges = np.repeat(edges, series, axis=0)
        times = [times[i] for i in np.repeat(np.arange(len(panels)), series).tolist()]
    begin = np.cumsum([0, *map(len, times)])
    edges += begin[:-1, None]
    values = np.concatenate([panel.values.ravel() for panel in panels])
    lo, hi = edges[:, : len(ends)], edges[:, len(ends) :]
    return Windows(np.concatenate(times), values, lo, hi, ends, length, at, begin[1:-1])
