"""One kernel over the selectors of many plans at once.

A thousand rules over a thousand metrics ask the same kernel about a few series each, and numpy's price is by the call.
So series of all selectors are laid together, numbered anew selector by selector, and what comes out is handed back.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import chain
from typing import Final, TypeAlias

import numpy as np
from msgspec.structs import replace

from promql.execute.edges import Reach
from promql.execute.limits import Limits
from promql.execute.lookback import is_newest
from promql.execute.meter import Meter
from promql.execute.rollup import Rolling
from promql.execute.thresholds import Rolled, passing, thresholds
from promql.functions.windows import Kernel
from promql.model.grid import Grid, Steps
from promql.model.panel import Kind, Need, Panel, Selected
from promql.plan.nodes import Fetch, Plan, Rollup, walk

_FEW: Final = 4_096
"""Samples of a selector: one with more fills numpy's calls by itself."""
_APART: Final = 1 << 40
"""Between the numbers of one selector's series and those of the next; a store has fewer series."""

_ROOM: Final = 4 * _FEW
"""A limit that no comparison of so few samples with a number comes near."""
_NO_REFS: Final = np.empty(0, np.int64)

Alike: TypeAlias = tuple[Kernel, Steps, Steps, int]


def fused(
    plans: Sequence[Plan],
    panels: Mapping[Need, Sequence[Selected]],
    wanted: Mapping[int, int],
    pause: Callable[[], None],
    meter: Meter | None = None,
) -> Iterator[tuple[int, Grid]]:
    """Values of nodes (by their ids) that were computed together: rollups of few samples at one instant, and plans that
    compare such a rollup with a number. `wanted` says how often nodes are used; what is used for comparisons alone is
    left out. Plain selectors that are wanted for themselves are left out too: they are at hand, and with them what was
    worked out from their labels before. `meter` is told what each of the rollups has read.

    A plan's limit bounds what it takes for itself alone, so it is looked at where a plan makes use of a value; all
    together are no more than the samples that were fetched for them.
    """
    limits = Limits(sys.maxsize, pause)
    alike: dict[Alike, dict[int, Rollup]] = {}
    compared = thresholds(plan.root for plan in plans if plan.options.max_samples >= _ROOM)
    done = {node for node, some in compared.items() if len(some) == wanted[node]}
    for plan in plans:
        for node in walk(plan.root):
            if isinstance(node, Rollup) and _small(node, panels) and (id(node) in done or not is_newest(node)):
                key = (node.kernel, node.steps, node.ends, node.length)
                alike.setdefault(key, {})[id(node)] = node
    for nodes in alike.values():
        if len(nodes) > 1:
            if meter is not None:
                _tell(meter, nodes.values(), panels)
            rolled = _rolled(list(nodes.values()), panels, limits)
            yield from rolled.grids(but=done)
            yield from passing(rolled, compared)


def _tell(meter: Meter, nodes: Iterable[Rollup], panels: Mapping[Need, Sequence[Selected]]) -> None:
    for node in nodes:
        assert isinstance(node.source, Fetch)
        need, reach = node.source.need, Reach(node.ends, node.length, node.steps)
        meter.read(node, panels[need], reach, instant=need.kind is not Kind.RANGE)


def _small(node: Rollup, panels: Mapping[Need, Sequence[Selected]]) -> bool:
    if not isinstance(node.source, Fetch) or node.args or node.steps.count > 1:
        return False
    return 0 < sum(one.values.size for one in panels[node.source.need]) <= _FEW


def _rolled(nodes: Sequence[Rollup], panels: Mapping[Need, Sequence[Selected]], limits: Limits) -> Rolled:
    first = nodes[0]
    reach = Reach(first.ends, first.length, first.steps)
    rolling = Rolling.over(list(_laid_together(nodes, panels)), reach, first.kernel, (), limits)
    refs = np.sort(np.concatenate([batch.refs for batch in rolling.batches] or [_NO_REFS]))
    edges = refs.searchsorted(np.arange(len(nodes) + 1) * _APART)
    return Rolled(nodes, rolling.whole(), edges)


def _laid_together(nodes: Sequence[Rollup], panels: Mapping[Need, Sequence[Selected]]) -> Iterator[Selected]:
    """The samples of all nodes; panels over the same instants are made one."""
    alike: dict[bytes, list[tuple[int, Panel]]] = {}
    for number, node in enumerate(nodes):
        assert isinstance(node.source, Fetch)
        for one in panels[node.source.need]:
            if isinstance(one, Panel):
                alike.setdefault(one.times.tobytes(), []).append((number, one))
            else:
                yield replace(one, refs=one.refs + number * _APART)
    for same in alike.values():
        yield _stacked([number for number, _ in same], [one for _, one in same])


def _stacked(numbers: Sequence[int], same: Sequence[Panel]) -> Panel:
    apart = np.repeat(np.array(numbers) * _APART, [len(one.refs) for one in same])
    values = np.concatenate([one.values for one in same])
    labels = list(chain.from_iterable(one.labels for one in same))
    return Panel(same[0].times, values, labels, np.concatenate([one.refs for one in same]) + apart)
