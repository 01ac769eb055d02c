"""What a run took: rows, values, samples and time of each node, and how much was held at once.

A meter is asked for by whoever explains a query or tells its statistics; without one a run counts nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from msgspec import Struct, field

from promql.execute.edges import Reach, span, spans, windows_of
from promql.model.grid import Grid, Value
from promql.model.panel import Panel, Selected
from promql.model.staleness import is_stale
from promql.model.types import IntArray
from promql.plan.nodes import Inner, PlanNode, RawRange, Repeat, Rollup, children


class Figures(Struct):
    """Of one node: rows and values that it gave, seconds with all below it, samples that its windows held by step."""

    rows: int = 0
    values: int = 0
    seconds: float = 0.0
    fetched: int = 0
    samples: IntArray | None = None


class Meter(Struct):
    """`clock` gives seconds. One meter serves one run."""

    clock: Callable[[], float]
    peak: int = 0
    by_node: dict[int, Figures] = field(default_factory=dict)

    def of(self, node: PlanNode) -> Figures:
        return self.by_node.setdefault(id(node), Figures())

    def given(self, node: PlanNode, value: Value, seconds: float) -> None:
        """A node was evaluated to this value."""
        figures = self.of(node)
        figures.seconds += seconds
        match value:
            case Grid():
                figures.rows, figures.values = len(value.labels), int(value.present.sum())
            case np.ndarray():
                figures.rows, figures.values = 1, value.size
            case _:
                figures.rows, figures.values = 1, 1

    def read(self, node: Rollup | RawRange, selected: Sequence[Selected], reach: Reach, *, instant: bool) -> None:
        """A node's windows reach over these samples, and those that were told before."""
        figures = self.of(node)
        figures.fetched += sum(one.values.size for one in selected)
        found = samples_at(selected, reach, instant=instant)
        figures.samples = found if figures.samples is None else figures.samples + found

    def samples(self, node: PlanNode) -> IntArray:
        """How many samples were looked at for a node at each of its steps, as Prometheus counts them: a sample once
        for each window that holds it, those inside of subqueries not at all.
        """
        total = np.zeros(node.steps.count, dtype=np.int64)
        own = self.of(node).samples
        if own is not None:
            total += own
        if isinstance(node, Repeat):
            total += self.samples(node.expr)[0]
            return total
        inner = node.source.expr if isinstance(node, Rollup | RawRange) and isinstance(node.source, Inner) else None
        for child in children(node):
            if child is not inner:
                total += self.samples(child)
        return total


def samples_at(selected: Sequence[Selected], reach: Reach, *, instant: bool) -> IntArray:
    """How many samples windows hold at each step, `int64[K]`; an instant selector's window holds its newest alone."""
    total = np.zeros(reach.ends.count, dtype=np.int64)
    for one in selected:
        if not one.values.size:
            continue
        if isinstance(one, Panel):
            total += _in_panel(one, reach, instant=instant)
        else:
            first, count = span(reach, one.firsts, one.lasts)
            low, high, _ = windows_of(one, reach, first, count)
            if instant:
                low = high - ((high > low) & ~is_stale(one.values[np.maximum(high - 1, 0)]))
            np.add.at(total, spans(first, count), high - low)
    return total


def _in_panel(panel: Panel, reach: Reach, *, instant: bool) -> IntArray:
    ends = reach.ends.times
    low = panel.times.searchsorted(ends - reach.length, side="left")
    high = panel.times.searchsorted(ends, side="right")
    if instant:
        fresh = ~is_stale(panel.values[:, np.maximum(high - 1, 0)])
        return np.where(high > low, fresh.sum(axis=0), 0)
    return (high - low) * len(panel.refs)
