"""From series and a span of time to panels.

The usual case is a source whose wanted series were all there all the time: its parts, its open rows and its newest
instant are laid side by side into one panel. What departs from it is sorted out first by parts (series that stand
in the same parts of the table go together, so that a series that lived for a day costs a day and not the whole
span), then by instants (series with the same holes go together). Series that also have ragged samples, or whose
sources overlap in time, are merged sample by sample.

Law: pure; works on views, so any thread may run it while others append.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from engine.tsdb.numbers import any_nan
from engine.tsdb.parts import Samples, TablePart, Wanted
from engine.tsdb.source import Source
from engine.tsdb.table import Slots
from promql.model.labels import Labels
from promql.model.panel import Kind, Panel
from promql.model.staleness import ABSENT_BITS, ABSENT_NAN, STALE_BITS
from promql.model.types import BoolArray, FloatArray, IntArray


@dataclass(slots=True)
class Group:
    """Series that live in the same sources (nearly always one), with their columns in each; `refs` ascend.

    A group is kept and asked again: `slots` remembers where its series stood in the open table of the only source.
    """

    owners: tuple[tuple[Source, IntArray], ...]
    refs: IntArray
    labels: Sequence[Labels]
    slots: Slots | None = None


@dataclass(frozen=True, slots=True)
class _Stretch:
    """Rows `low` to `high` of a part; `at` says where each series of the group stands in it."""

    part: TablePart
    at: IntArray
    times: IntArray
    low: int
    high: int


@dataclass(frozen=True, slots=True)
class _Found:
    """All that a group has between `start` and `end`."""

    group: Group
    kind: Kind
    stretches: list[_Stretch]
    loose: list[Samples]


def gather(group: Group, start: int, end: int, kind: Kind) -> Iterator[Panel]:
    """The panels of a group's samples with start <= t <= end."""
    if (block := _recent(group, start, end)) is not None and _holes(block[1], kind) is None:
        yield Panel(*block, group.labels, group.refs)
        return
    found = _find(group, start, end, kind)
    mixed = _mixed(found)
    if mixed is None:
        yield from _by_parts(found, None)
    else:
        yield from _by_parts(found, np.flatnonzero(~mixed))
        yield from _merged(found, np.flatnonzero(mixed))


def _recent(group: Group, start: int, end: int) -> tuple[IntArray, FloatArray] | None:
    """What most questions come down to, without the detours: one source, its open rows, its newest instant.

    None where there is more to it. A thousand targets with a series each are asked in a thousand of these.
    """
    source, columns = group.owners[0]
    view = source.view
    table, newest = view.table, view.newest
    if len(group.owners) > 1 or start <= view.parts_end or table is None or newest is None or view.ragged is not None:
        return None
    slots = group.slots
    if slots is None or not slots.hold_for(table):
        slots = group.slots = table.slots(columns)
    if not slots.complete:
        return None
    low, high = table.rows(start, end)
    rows = high - low
    inside = start <= newest.time <= end
    times = np.empty(rows + inside, np.int64)
    values = np.empty((len(columns), rows + inside))
    times[:rows] = table.times[low:high]
    table.fill(values[:, :rows], slots.at, low, high)
    if inside:
        times[rows] = newest.time
        newest.take(values[:, rows], columns)
    return (times, values) if len(times) else None


def _find(group: Group, start: int, end: int, kind: Kind) -> _Found:
    stretches, loose = [], []
    for source, columns in group.owners:
        view, wanted = source.view, Wanted(group.refs, columns)
        for part in view.tables(start, end):
            times = part.times
            low, high = int(times.searchsorted(start)), int(times.searchsorted(end, "right"))
            if low < high:
                stretches.append(_Stretch(part, part.locate(wanted), times[low:high], low, high))
        loose += [part.samples(wanted, start, end) for part in view.raggeds(start, end)]
    stretches.sort(key=lambda stretch: int(stretch.times[0]))
    return _Found(group, kind, stretches, [samples for samples in loose if len(samples.rows)])


def _mixed(found: _Found) -> BoolArray | None:
    """Which series have to be merged sample by sample; None when none has."""
    overlap = any(a.times[-1] >= b.times[0] for a, b in zip(found.stretches, found.stretches[1:], strict=False))
    if not overlap and not found.loose:
        return None
    mixed = np.full(len(found.group.refs), overlap)
    for samples in found.loose:
        mixed[samples.rows] = True
    return mixed


def _by_parts(found: _Found, rows: IntArray | None) -> Iterator[Panel]:
    """The panels of series (all when `rows` is None) whose samples lie in rows of tables, one after the other."""
    if not found.stretches or (rows is not None and not len(rows)):
        return
    absent = [(s.at if rows is None else s.at[rows]) < 0 for s in found.stretches]
    if not any(map(np.count_nonzero, absent)):
        yield from _by_instants(found, found.stretches, rows)
        return
    names = np.arange(len(found.group.refs)) if rows is None else rows
    for pattern, members in alike(~np.stack(absent, axis=1)):
        chosen = [stretch for stretch, here in zip(found.stretches, pattern, strict=True) if here]
        if chosen:
            yield from _by_instants(found, chosen, names[members])


def _by_instants(found: _Found, stretches: list[_Stretch], rows: IntArray | None) -> Iterator[Panel]:
    group = found.group
    refs = group.refs if rows is None else group.refs[rows]
    labels = group.labels if rows is None else [group.labels[row] for row in rows]
    times, values, whole = _block(stretches, rows, len(refs))
    holes = None if whole else _holes(values, found.kind)
    if holes is None:
        yield Panel(times, values, labels, refs)
        return
    for present, members in alike(~holes):
        if present.any():
            some = [labels[member] for member in members]
            yield Panel(times[present], values[members].compress(present, axis=1), some, refs[members])


def _block(stretches: list[_Stretch], rows: IntArray | None, count: int) -> tuple[IntArray, FloatArray, bool]:
    """The instants of all stretches, the samples on them, and whether it is known that there is no hole."""
    times = stretches[0].times if len(stretches) == 1 else np.concatenate([s.times for s in stretches])
    values = np.empty((count, len(times)))
    whole, start = True, 0
    for stretch in stretches:
        at = stretch.at if rows is None else stretch.at[rows]
        end = start + len(stretch.times)
        stretch.part.fill(values[:, start:end], at, stretch.low, stretch.high)
        whole = whole and stretch.part.whole(at, stretch.low, stretch.high)
        start = end
    return times, values, whole


def _holes(values: FloatArray, kind: Kind) -> BoolArray | None:
    """Where there is no sample, or for ranges a stale marker; None when that is nowhere."""
    if not any_nan(values):
        return None
    bits = values.view(np.uint64)
    holes: BoolArray = bits == ABSENT_BITS
    if kind is Kind.RANGE:
        holes |= bits == STALE_BITS
    return holes if holes.any() else None


def alike(rows: BoolArray) -> Iterator[tuple[BoolArray, IntArray]]:
    """The different rows of a truth table, each with the numbers of the rows that are like it."""
    packed = np.packbits(rows, axis=1)
    keys = packed.view(np.dtype((np.void, packed.shape[1]))).ravel()
    _, first, place = np.unique(keys, return_index=True, return_inverse=True)
    order = place.argsort(kind="stable")
    for example, members in zip(first, np.split(order, np.cumsum(np.bincount(place))[:-1]), strict=True):
        yield rows[example], members


def _merged(found: _Found, rows: IntArray) -> Iterator[Panel]:
    """The panels of series whose samples have to be put in order one by one; those with equal instants together."""
    samples = _all_samples(found, rows)
    order = np.lexsort((samples.times, samples.rows))
    owners, times, values = samples.rows[order], samples.times[order], samples.values[order]
    names, starts = np.unique(owners, return_index=True)
    by_instants: dict[bytes, list[tuple[int, FloatArray, IntArray]]] = {}
    edges = [*starts.tolist(), len(owners)]
    for row, low, high in zip(names.tolist(), edges, edges[1:], strict=False):
        own = times[low:high]
        by_instants.setdefault(own.tobytes(), []).append((row, values[low:high], own))
    for members in by_instants.values():
        chosen = np.array([row for row, _, _ in members], np.int64)
        labels = [found.group.labels[row] for row in chosen]
        yield Panel(members[0][2], np.stack([v for _, v, _ in members]), labels, found.group.refs[chosen])


def _all_samples(found: _Found, rows: IntArray) -> Samples:
    """Every sample of these series; stale ones only for instants."""
    pieces = list(found.loose)
    for stretch in found.stretches:
        here = rows[stretch.at[rows] >= 0]
        block = np.full((len(here), len(stretch.times)), ABSENT_NAN)
        stretch.part.fill(block, stretch.at[here], stretch.low, stretch.high)
        pieces.append(Samples(np.repeat(here, len(stretch.times)), np.tile(stretch.times, len(here)), block.ravel()))
    values = np.concatenate([piece.values for piece in pieces])
    bits = values.view(np.uint64)
    keep = bits != ABSENT_BITS
    if found.kind is Kind.RANGE:
        keep &= bits != STALE_BITS
    owners = np.concatenate([piece.rows for piece in pieces])
    times = np.concatenate([piece.times for piece in pieces])
    return Samples(owners[keep], times[keep], values[keep])
