"""An instant selector at a single step, which is most of what rules and dashboards ask for.

The store was asked for the lookback alone, so the newest sample of a series is the last one that came: nothing need be
laid out, and no window be found.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain

import numpy as np

from promql.execute.edges import Reach, holds_all
from promql.execute.limits import Limits
from promql.functions.overtime import newest
from promql.model.grid import Grid
from promql.model.panel import Given, Later, Panel, Selected
from promql.model.staleness import is_stale
from promql.model.types import FloatArray
from promql.plan.nodes import Rollup


def is_newest(node: Rollup) -> bool:
    """A plain selector at one instant."""
    return node.kernel is newest and node.keeps_name and node.steps.count == 1


def newest_of(given: Sequence[Given], reach: Reach, limits: Limits) -> Grid | None:
    """The newest samples, but for stale markers, by number of series. None where some come later, or where one is not
    in the window. Raises TooManySamplesError.
    """
    found: list[Selected] = []
    for one in given:
        if isinstance(one, Later) or (one.values.size and not holds_all(reach, one.times)):
            return None
        if one.values.size:
            found.append(one)
    if not found:
        return Grid.empty(1)
    if len(found) == 1:
        refs, values, labels = found[0].refs, _last(found[0]), found[0].labels
    else:
        refs = np.concatenate([one.refs for one in found])
        values = np.concatenate([_last(one) for one in found])
        labels = list(chain.from_iterable(one.labels for one in found))
    limits.spend(len(refs))
    grid = Grid(labels, values[:, None], ~is_stale(values)[:, None])
    return (grid if (refs[1:] > refs[:-1]).all() else grid.rows(refs.argsort())).compact()


def _last(one: Selected) -> FloatArray:
    if isinstance(one, Panel):
        return one.values[:, -1]
    return one.values if len(one.values) == len(one.refs) else one.values[one.offsets[1:] - 1]
