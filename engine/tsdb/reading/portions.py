"""A selection in portions, of which a query holds one at a time: what it reads may be far more than fits in memory.

A source with many series is cut by series, small ones are taken together. Series that did not live in the span that is
asked about are left out beforehand, since rows are made for all that are not.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from itertools import chain

import numpy as np

from engine.tsdb.names.catalog import Catalog
from engine.tsdb.reading.gather import Group, gather
from engine.tsdb.reading.weigh import rows_of
from promql.model.labels import Labels
from promql.model.panel import Later, Need, Selected


def portions(groups: Iterable[Group], need: Need, catalog: Catalog, most: int) -> Iterator[Later]:
    """Portions of about so many samples at most."""
    held: list[Group] = []
    samples = 0.0
    for group, size in _cut(groups, need, catalog, most):
        if held and samples + size > most:
            yield _later(held, need, catalog)
            held, samples = [], 0.0
        held.append(group)
        samples += size
    if held:
        yield _later(held, need, catalog)


def _cut(groups: Iterable[Group], need: Need, catalog: Catalog, most: int) -> Iterator[tuple[Group, float]]:
    """Those of the series that lived at the time, and about how many samples that is."""
    for group in groups:
        alive = (catalog.ends(group.refs) >= need.start) & (catalog.first.array[group.refs] <= need.end)
        left = np.flatnonzero(alive)
        rows = max(rows_of(group, need.start, need.end), 1.0)
        each = max(int(most / rows), 1)
        if len(left) == len(group.refs) <= each:
            yield group, rows * len(left)
            continue
        for low in range(0, len(left), each):
            some = left[low : low + each]
            yield group.part(some), rows * len(some)


def _later(groups: Sequence[Group], need: Need, catalog: Catalog) -> Later:
    labels: Sequence[Labels] = groups[0].labels
    refs = groups[0].refs
    if len(groups) > 1:
        refs = np.concatenate([group.refs for group in groups])
        order = refs.argsort()
        found = list(chain.from_iterable(group.labels for group in groups))
        refs, labels = refs[order], [found[at] for at in order.tolist()]
    fetch = partial(_fetched, tuple(groups), need)
    return Later(labels, refs, catalog.first.array[refs], catalog.ends(refs), fetch)


def _fetched(groups: Sequence[Group], need: Need) -> list[Selected]:
    return [one for group in groups for one in gather(group, need.start, need.end, need.kind)]
