"""Small panels and strands laid end to end."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate, chain

import numpy as np

from promql.execute.edges import spans
from promql.model.panel import Panel, Selected, Strands
from promql.model.types import IntArray


def joined(some: Sequence[Selected]) -> Strands:
    """All series of them, in their order. Not for an empty list."""
    if len(some) == 1 and isinstance(some[0], Strands):
        return some[0]
    values = np.concatenate([one.values.ravel() for one in some])
    labels, refs = list(chain.from_iterable(one.labels for one in some)), np.concatenate([one.refs for one in some])
    offsets = np.zeros(len(refs) + 1, np.int64)
    _counts(some).cumsum(out=offsets[1:])
    if all(isinstance(one, Panel) or one.starts is not None for one in some):
        times = np.concatenate([one.times for one in some])
        return Strands(times, values, offsets, labels, refs, *_tables(some))
    return Strands(np.concatenate([_times(one) for one in some]), values, offsets, labels, refs)


def _counts(some: Sequence[Selected]) -> IntArray:
    if all(isinstance(one, Panel) for one in some):
        return np.repeat([len(one.times) for one in some], [len(one.refs) for one in some])
    return np.concatenate(
        [np.full(len(one.refs), len(one.times)) if isinstance(one, Panel) else one.counts for one in some]
    )


def _tables(some: Sequence[Selected]) -> tuple[IntArray, IntArray]:
    """Where series and tables begin, when the instants of all are laid end to end."""
    bases = np.array([0, *accumulate(len(one.times) for one in some[:-1])])
    if all(isinstance(one, Panel) for one in some):
        return np.repeat(bases, [len(one.refs) for one in some]), bases
    starts, tables = [], []
    for one, base in zip(some, bases.tolist(), strict=True):
        starts.append(np.full(len(one.refs), base) if isinstance(one, Panel) else _of(one) + base)
        tables.append(np.full(1, base) if isinstance(one, Panel) else one.tables + base)
    return np.concatenate(starts), np.concatenate(tables)


def _of(strands: Strands) -> IntArray:
    assert strands.starts is not None
    return strands.starts


def _times(one: Selected) -> IntArray:
    if isinstance(one, Panel):
        return np.tile(one.times, len(one.refs))
    return one.times if one.starts is None else one.times[spans(one.starts, one.counts)]
