"""The newest sample of each series, which is all that an instant selector looks at.

Laws: pure, works on views. A source's newest instant is its last; of a row that has a sample of each series asked for
nothing newer can be, so nothing else of the source is looked at. Of a source where that can't be seen at a glance
(ragged samples, sealed parts that reach further, a series without a sample) all samples are gathered.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain
from typing import Final

import numpy as np
from msgspec import Struct

from engine.names.numbers import NEVER, any_nan
from engine.tsdb.reading.gather import Group, gather
from promql.model.labels import Labels
from promql.model.panel import Kind, Panel, Selected, Strands
from promql.model.rows import Rows
from promql.model.staleness import ABSENT_BITS
from promql.model.types import FloatArray, IntArray

_SOMEWHERE_ELSE: Final = NEVER + 1
REMEMBERED: Final = 1024
"""Of a selection of so many series at most what is worked out from their labels is kept."""


class Side(Struct, frozen=True):
    """The series of all groups beside each other: by number, with their labels, their place among those of the groups
    where that is another, and how many each group has.
    """

    refs: IntArray
    labels: Sequence[Labels]
    order: IntArray | None
    offsets: IntArray
    sizes: IntArray

    @classmethod
    def of(cls, groups: Sequence[Group]) -> Side:
        refs = np.concatenate([group.refs for group in groups])
        labels = list(chain.from_iterable(group.labels for group in groups))
        order = None if (refs[1:] > refs[:-1]).all() else refs.argsort()
        if order is not None:
            refs, labels = refs[order], [labels[at] for at in order.tolist()]
        sizes = np.array([len(group.refs) for group in groups])
        kept = Rows(labels) if len(labels) <= REMEMBERED else labels
        return cls(refs, kept, order, np.arange(len(refs) + 1), sizes)


def newest(groups: Sequence[Group], side: Side, start: int, end: int) -> Iterator[Selected]:
    """The last sample of each series with start <= t <= end, stale markers too; of some series perhaps more of them."""
    values, at = np.empty(len(side.refs)), 0
    times = []
    for group in groups:
        to = at + len(group.refs)
        times.append(_row(group, start, end, values[at:to]))
        at = to
    if min(times) > _SOMEWHERE_ELSE and not (any_nan(values) and (values.view(np.uint64) == ABSENT_BITS).any()):
        moments = np.repeat(np.array(times, np.int64), side.sizes)
        if side.order is not None:
            moments, values = moments[side.order], values[side.order]
        yield Strands(moments, values, side.offsets, side.labels, side.refs)
        return
    at = 0
    for group, time in zip(groups, times, strict=True):
        to = at + len(group.refs)
        yield from _of_one(group, time, values[at:to], start, end)
        at = to


def _of_one(group: Group, time: int, values: FloatArray, start: int, end: int) -> Iterator[Selected]:
    if time == NEVER:
        return
    if time == _SOMEWHERE_ELSE or (values.view(np.uint64) == ABSENT_BITS).any():
        yield from gather(group, start, end, Kind.INSTANT)
    else:
        yield Panel(np.array([time], np.int64), values[:, None].copy(), group.labels, group.refs)


def _row(group: Group, start: int, end: int, out: FloatArray) -> int:
    """Fill in the last row up to `end`, and tell its time: NEVER where the source has nothing since `start`."""
    source, columns = group.owners[0]
    view = source.view
    last = view.newest
    if last is None or view.ragged is not None or len(group.owners) > 1 or view.parts_end >= last.time:
        return _SOMEWHERE_ELSE
    if last.time <= end:
        if last.time < start:
            return NEVER
        last.take(out, columns)
        return last.time
    table = view.table
    if table is None or end < table.times[0]:
        return _SOMEWHERE_ELSE
    row = int(table.times.searchsorted(end, "right")) - 1
    time = int(table.times[row])
    slots = group.slots_in(table)
    if time < start or view.parts_end >= time or not slots.complete:
        return _SOMEWHERE_ELSE
    table.take(out, row, slots.at)
    return time
