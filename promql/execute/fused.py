"""One kernel over the selectors of many plans at once.

A thousand rules over a thousand metrics ask the same kernel about a few series each, and numpy's price is by the call.
So series of all selectors are laid together, numbered anew selector by selector, and what comes out is handed back.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import chain, pairwise
from typing import Final, TypeAlias

import numpy as np

from promql.errors import EvaluationError
from promql.execute.edges import Reach
from promql.execute.limits import Limits
from promql.execute.rollup import Rolling, nameless
from promql.functions.windows import Kernel
from promql.model.grid import Grid, Steps
from promql.model.panel import Need, Panel, Selected, Strands
from promql.plan.nodes import Fetch, Plan, Rollup, walk

_FEW: Final = 4_096
"""Samples of a selector: one with more fills numpy's calls by itself."""
_APART: Final = 1 << 40
"""Between the numbers of one selector's series and those of the next; a store has fewer series."""

Alike: TypeAlias = tuple[Kernel, Steps, Steps, int]


def fused(
    plans: Sequence[Plan], panels: Mapping[Need, Sequence[Selected]], pause: Callable[[], None]
) -> Iterator[tuple[int, Grid]]:
    """Values of nodes (by their ids) that were computed together: rollups of few samples at one instant.

    A plan's limit bounds what it takes for itself alone, so it is looked at where a plan makes use of a value; all
    together are no more than the samples that were fetched for them.
    """
    limits = Limits(sys.maxsize, pause)
    alike: dict[Alike, dict[int, Rollup]] = {}
    for plan in plans:
        for node in walk(plan.root):
            if isinstance(node, Rollup) and _small(node, panels):
                key = (node.kernel, node.steps, node.ends, node.length)
                alike.setdefault(key, {})[id(node)] = node
    for nodes in alike.values():
        if len(nodes) > 1:
            yield from _together(list(nodes.values()), panels, limits)


def _small(node: Rollup, panels: Mapping[Need, Sequence[Selected]]) -> bool:
    if not isinstance(node.source, Fetch) or node.args or node.steps.count > 1:
        return False
    return 0 < sum(one.values.size for one in panels[node.source.need]) <= _FEW


def _together(
    nodes: Sequence[Rollup], panels: Mapping[Need, Sequence[Selected]], limits: Limits
) -> Iterator[tuple[int, Grid]]:
    first = nodes[0]
    selected = [
        _renumbered(one, number * _APART)
        for number, node in enumerate(nodes)
        if isinstance(node.source, Fetch)
        for one in panels[node.source.need]
    ]
    reach = Reach(first.ends, first.length, first.steps)
    rolling = Rolling.over(selected, reach, first.kernel, (), limits)
    refs = np.sort(np.fromiter(chain.from_iterable(batch.refs.tolist() for batch in rolling.batches), np.int64))
    whole = rolling.whole()
    edges = refs.searchsorted(np.arange(len(nodes) + 1) * _APART).tolist()
    for node, (low, high) in zip(nodes, pairwise(edges), strict=True):
        grid = Grid(whole.labels[low:high], whole.values[low:high], whole.present[low:high]).compact()
        try:
            yield id(node), grid if node.keeps_name else nameless(grid)
        except EvaluationError:
            continue  # told by the plans that want it, each by itself


def _renumbered(one: Selected, by: int) -> Selected:
    if isinstance(one, Panel):
        return Panel(one.times, one.values, one.labels, one.refs + by)
    return Strands(one.times, one.values, one.offsets, one.labels, one.refs + by, one.starts, one.tables)
