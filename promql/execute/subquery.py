"""A grid seen again as panels: what a subquery hands to a range function."""

from __future__ import annotations

import numpy as np

from promql.model.grid import Grid, Steps
from promql.model.panel import Panel


def panels(grid: Grid, steps: Steps) -> list[Panel]:
    """Rows that have values at the same steps share a panel; a step without a value is no sample."""
    times = steps.times
    refs = np.arange(len(grid.labels))
    if grid.present.all():
        return [Panel(times, grid.values, grid.labels, refs)]
    patterns, pattern_of_row = np.unique(np.packbits(grid.present, axis=1), axis=0, return_inverse=True)
    out = []
    for pattern in range(len(patterns)):
        rows = np.flatnonzero(pattern_of_row == pattern)
        there = grid.present[rows[0]]
        labels = [grid.labels[i] for i in rows.tolist()]
        out.append(Panel(times[there], grid.values[np.ix_(rows, there)], labels, rows))
    return out
