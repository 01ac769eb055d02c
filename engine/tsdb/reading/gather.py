"""From series and a span of time to panels.

The usual case is a source whose wanted series were all there all the time: its parts, its open rows and its newest
instant are laid side by side into one panel. Series that come and go are laid end to end, only what is there
(`lives`): one that lived for minutes costs minutes. What has holes, lies in ragged parts or in sources that
overlap in time is laid out with its times (`strands`).

Law: pure; works on views, so any thread may run it while others append.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Final
from weakref import WeakKeyDictionary

import numpy as np
from msgspec import Struct, field

from engine.names.numbers import NEVER, any_nan
from engine.tsdb.names.names import SeriesNames
from engine.tsdb.parts import Located, Samples, SealedTable, TablePart, Wanted
from engine.tsdb.reading.lives import Lives, Sheet
from engine.tsdb.reading.strands import strands
from engine.tsdb.source import Source
from engine.tsdb.table import Slots, TableView
from engine.tsdb.view import View
from promql.model.panel import Kind, Panel, Selected
from promql.model.staleness import ABSENT_BITS, STALE_BITS, is_stale
from promql.model.types import BoolArray, FloatArray, IntArray

_KEPT: Final = 1 << 19
"""Samples of a part that may be decoded to be kept: 4 MB."""


class Group(Struct):
    """Series that live in the same sources (nearly always one), with their columns in each; `refs` ascend.

    A group is kept and asked again: `slots` remembers where its series stood in the open table of the only source,
    and `places` where they stood in sealed tables. Parts are remembered weakly: a group that nobody asks again must not
    keep what was stored or dropped. `few`: all that was selected is so little that what is decoded is worth keeping.
    """

    owners: tuple[tuple[Source, IntArray], ...]
    refs: IntArray
    labels: SeriesNames
    few: bool = False
    slots: Slots | None = None
    places: WeakKeyDictionary[SealedTable, IntArray | None] = field(default_factory=WeakKeyDictionary)

    def slots_in(self, table: TableView) -> Slots:
        """Where its series stand in the open table of its only source."""
        slots = self.slots  # another thread may remember those of another table meanwhile
        if slots is None or not slots.hold_for(table):
            slots = self.slots = table.slots(self.owners[0][1])
        return slots

    def part(self, rows: IntArray) -> Group:
        """Some of its series, by their places in it, which ascend."""
        owners = tuple((source, columns[rows]) for source, columns in self.owners)
        return Group(owners, self.refs[rows], self.labels.take(rows))


class _Stretch(Struct, frozen=True):
    """Rows `low` to `high` of a part; `found` says where the series of the group stand in it."""

    part: TablePart
    found: Located
    times: IntArray
    low: int
    high: int


def gather(group: Group, start: int, end: int, kind: Kind) -> Iterator[Selected]:
    """A group's samples with start <= t <= end."""
    if (block := _recent(group, start, end)) is not None and _holes(block[1], kind) is None:
        yield Panel(*block, group.labels, group.refs)
        return
    stretches, pieces = _stretches(group, start, end), _ragged(group, start, end, kind)
    ordered = all(a.times[-1] < b.times[0] for a, b in pairwise(stretches))
    if ordered and not pieces and _all_in_all(stretches, len(group.refs)):
        times, values, whole = _block(stretches)
        holes = None if whole else _holes(values, kind)
        if holes is None:
            yield Panel(times, values, group.labels, group.refs)
            return
        sheets = [Sheet(np.arange(len(group.refs)), 0, times, values, ~holes)]
    else:
        sheets = list(_sheets(stretches, kind))
    yield from _laid_out(group, sheets, pieces, ordered=ordered)


def _laid_out(group: Group, sheets: list[Sheet], pieces: list[Samples], *, ordered: bool) -> Iterator[Selected]:
    rest = np.ones(len(group.refs), np.bool_)
    if ordered and sheets:
        lives = Lives.of(len(group.refs), sheets)
        unbroken = lives.unbroken
        for piece in pieces:
            unbroken[piece.rows] = False
        if unbroken.any():
            instants = np.concatenate([sheet.times for sheet in sheets])
            yield from lives.selected(group.labels, group.refs, unbroken, instants, sheets)
        rest = ~unbroken & (lives.counts > 0)
    pieces += [sheet.samples(rest) for sheet in sheets if rest[sheet.rows].any()]
    pieces = sorted((piece for piece in pieces if len(piece.rows)), key=lambda piece: int(piece.times[0]))
    if pieces:
        yield from strands(group.labels, group.refs, pieces)


def _recent(group: Group, start: int, end: int) -> tuple[IntArray, FloatArray] | None:
    """What most questions come down to, without the detours: one source, its open rows, its newest instant, and of few
    series also sealed ones.

    None where there is more to it. A thousand targets with a series each are asked in a thousand of these.
    """
    source, columns = group.owners[0]
    view = source.view
    table, newest = view.table, view.newest
    if len(group.owners) > 1 or table is None or newest is None or view.ragged is not None:
        return None
    slots = group.slots_in(table)
    pieces = [] if start > view.parts_end else _sealed(group, view, start, end)
    if pieces is None or not slots.complete:
        return None
    low, high = table.rows(start, end)
    sealed, inside = sum(len(times) for times, _ in pieces), start <= newest.time <= end
    rows = sealed + high - low
    times = np.empty(rows + inside, np.int64)
    values = np.empty((len(columns), rows + inside))
    at = 0
    for some, cells in pieces:
        to = at + len(some)
        times[at:to], values[:, at:to], at = some, cells, to
    times[sealed:rows] = table.times[low:high]
    table.fill(values[:, sealed:rows], slots.at, low, high)
    if inside:
        times[rows] = newest.time
        newest.take(values[:, rows], columns)
    return (times, values) if len(times) else None


def _sealed(group: Group, view: View, start: int, end: int) -> list[tuple[IntArray, FloatArray]] | None:
    """What few series have in sealed parts, where these follow each other and each has all of the series, or none."""
    if not group.few:
        return None
    found, before = [], NEVER
    for part in view.parts:
        if part.end < start or part.start > end:
            continue
        if part.table is None or part.start <= before or len(group.refs) * part.table.height > _KEPT:
            return None
        before = part.end
        at = _place(group, part.table)
        if at is None:
            return None
        if len(at):
            times, values = part.table.kept(at)
            low = int(times.searchsorted(start)) if part.start < start else 0
            high = int(times.searchsorted(end, "right")) if part.end > end else len(times)
            found.append((times[low:high], values[:, low:high]))
    return found


def _place(group: Group, table: SealedTable) -> IntArray | None:
    """Where the series of a group stand in a table; None where only some of them do."""
    if table not in group.places:
        at = table.locate(Wanted(group.refs, group.owners[0][1])).at
        group.places[table] = at if len(at) in (0, len(group.refs)) else None
    return group.places.get(table)


def _stretches(group: Group, start: int, end: int) -> list[_Stretch]:
    """The rows of tables, in the order of their times."""
    out = []
    for source, columns in group.owners:
        wanted = Wanted(group.refs, columns)
        for part in source.view.tables(start, end):
            times = part.times
            low, high = int(times.searchsorted(start)), int(times.searchsorted(end, "right"))
            if low < high and len((found := part.locate(wanted)).rows):
                out.append(_Stretch(part, found, times[low:high], low, high))
    out.sort(key=lambda stretch: int(stretch.times[0]))
    return out


def _ragged(group: Group, start: int, end: int, kind: Kind) -> list[Samples]:
    """The samples of ragged parts; stale ones only for instants."""
    found = [
        part.samples(Wanted(group.refs, columns), start, end)
        for source, columns in group.owners
        for part in source.view.raggeds(start, end)
    ]
    if kind is Kind.RANGE:
        found = [Samples.chosen(one.rows, one.counts, ~is_stale(one.values), (one.times, one.values)) for one in found]
    return [one for one in found if len(one.rows)]


def _all_in_all(stretches: list[_Stretch], series: int) -> bool:
    return bool(stretches) and all(len(stretch.found.rows) == series for stretch in stretches)


def _block(stretches: list[_Stretch]) -> tuple[IntArray, FloatArray, bool]:
    """The instants of all stretches, the samples on them, and whether it is known that there is no hole."""
    times = stretches[0].times if len(stretches) == 1 else np.concatenate([s.times for s in stretches])
    values = np.empty((len(stretches[0].found.rows), len(times)))
    whole, start = True, 0
    for stretch in stretches:
        end = start + len(stretch.times)
        stretch.part.fill(values[:, start:end], stretch.found.at, stretch.low, stretch.high)
        whole = whole and stretch.part.whole(stretch.found.at, stretch.low, stretch.high)
        start = end
    return times, values, whole


def _sheets(stretches: list[_Stretch], kind: Kind) -> Iterator[Sheet]:
    base = 0
    for stretch in stretches:
        at, low, high = stretch.found.at, stretch.low, stretch.high
        values = np.empty((len(at), high - low))
        stretch.part.fill(values, at, low, high)
        holes = None if stretch.part.whole(at, low, high) else _holes(values, kind)
        yield Sheet(stretch.found.rows, base, stretch.times, values, None if holes is None else ~holes)
        base += high - low


def _holes(values: FloatArray, kind: Kind) -> BoolArray | None:
    """Where there is no sample, or for ranges a stale marker; None when that is nowhere."""
    if not any_nan(values):
        return None
    bits = values.view(np.uint64)
    holes: BoolArray = bits == ABSENT_BITS
    if kind is Kind.RANGE:
        holes |= bits == STALE_BITS
    return holes if holes.any() else None
