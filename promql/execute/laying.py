"""Small panels and strands laid end to end."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain

import numpy as np

from promql.execute.edges import spans
from promql.model.panel import Panel, Selected, Strands
from promql.model.types import IntArray


def joined(some: Sequence[Selected]) -> Strands:
    """All series of them, in their order, each sample with its own time. Not for an empty list."""
    if len(some) == 1 and isinstance(some[0], Strands):
        return some[0]
    offsets = np.concatenate([[0], *(_counts(one) for one in some)]).cumsum()
    return Strands(
        np.concatenate([_times(one) for one in some]),
        np.concatenate([one.values.ravel() for one in some]),
        offsets,
        list(chain.from_iterable(one.labels for one in some)),
        np.concatenate([one.refs for one in some]),
    )


def _counts(one: Selected) -> IntArray:
    return np.full(len(one.refs), len(one.times)) if isinstance(one, Panel) else one.counts


def _times(one: Selected) -> IntArray:
    if isinstance(one, Panel):
        return one.times if len(one.refs) == 1 else np.tile(one.times, len(one.refs))
    return one.times if one.starts is None else one.times[spans(one.starts, one.counts)]
