"""A source: scrape target, rule group, remote job; one owner of a table of columns over shared instants.

Where a sample goes:
- It joins the newest instant if it bears that time, and opens a new one if it is later.
- A later instant closes the newest: with a quarter or more of the table's columns it becomes a row of the table,
  with fewer its samples go to the ragged part. So a page with stamps of its own for each container, or a
  remote client that sends series one by one, does not blow the table up.
- A sample that is older than the newest instant (new for its series, or late) goes to the ragged part, and so do,
  in one step, the sparse instants of a commit of many.

A source is sealed as a whole, table and ragged part at one commit, so that "everything up to commit n is in
parts" is one number a source. It is sealed when it has enough rows, when a quarter of the columns is dead (stale)
or new, or when it has become old.

Discipline: one thread writes; `view` is an immutable value, replaced after each commit, that any thread may read.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import takewhile
from typing import Final

import numpy as np

from engine.names.numbers import NEVER, growing_ints
from engine.tsdb.commit import Commit, Layout
from engine.tsdb.log.pages import Rows
from engine.tsdb.names.catalog import Catalog
from engine.tsdb.options import StoreOptions
from engine.tsdb.ragged import OpenRagged
from engine.tsdb.table import Newest, OpenTable
from engine.tsdb.view import Part, View
from promql.model.labels import Labels
from promql.model.staleness import is_stale
from promql.model.types import BoolArray, FloatArray, IntArray

_FEW_ROWS: Final = 8  # an early seal must be worth a part
_QUARTER: Final = 4


class Source:
    """Columns of one owner. Obtain it from `Store.source`; append through `Store.append`."""

    def __init__(self, key: str, number: int, catalog: Catalog, options: StoreOptions) -> None:
        self.key = key
        self.number = number
        self.saved = 0
        """So many columns are in the series log."""
        self.logged_from: int | None = None
        """The log segment with the oldest sample that no part holds."""
        self.through = -1
        self.losses = 0
        """How often parts were dropped: whoever holds columns asks `lost` about them then."""
        self.view = View()
        self._catalog = catalog
        self._options = options
        self._refs = growing_ints(-1)
        self._width = 0
        self._layout = Layout(self._refs.array, self._refs.array)
        self._layout_key = b""
        self._newest: Newest | None = None
        self._ragged_since = NEVER
        self._start_afresh()
        self._latest = NEVER

    def column(self, labels: Labels) -> int:
        """The column of this series, found or made."""
        return int(self.columns([labels])[0])

    def columns(self, series: Sequence[Labels]) -> IntArray:
        """The columns of these series, found or made: int64[N]."""
        refs = self._catalog.numbers(series)
        columns = self._catalog.columns_in(self.number, refs)
        if (missing := columns < 0).any():
            new, first = np.unique(refs[missing], return_index=True)
            self.adopt(new[first.argsort()])
            columns = self._catalog.columns_in(self.number, refs)
        return columns

    def lost(self, columns: IntArray) -> BoolArray:
        """Which of these columns have no sample (any more): they must be asked for anew, by their labels."""
        return np.asarray(self._catalog.first.array[self._refs.array[columns]] == NEVER)

    def adopt(self, refs: IntArray) -> None:
        """New columns for series that the catalog knows, no two of them the same."""
        end = self._width + len(refs)
        self._refs.reserve(end)
        self._refs.array[self._width : end] = refs
        self._catalog.assign(refs, self.number, self._width)
        self._width = end

    @property
    def refs(self) -> IntArray:
        """The series in each column: int64[columns]."""
        return self._refs.array[: self._width]

    def columns_of(self, refs: IntArray) -> IntArray:
        """The columns of series that have one here: int64[N]."""
        return self._catalog.columns_in(self.number, refs)

    @property
    def latest(self) -> int:
        """The time of the newest sample; NEVER where there was none."""
        return self._latest

    def layout(self, columns: IntArray) -> Layout:
        """The layout of a page; the same object as long as its columns stay the same. Raises IndexError."""
        columns = np.asarray(columns, np.int64)
        key = columns.tobytes()
        if key != self._layout_key:
            if columns.min() < 0 or columns.max() >= self._width:
                raise IndexError(f"source {self.key!r} has columns 0 to {self._width - 1} only")
            columns = columns.copy()
            self._layout, self._layout_key = Layout(columns, self._refs.array[columns]), key
        return self._layout

    def apply(self, commit: Commit, number: int, segment: int) -> None:
        """Take in a commit that is in the log, in that segment; all of it shows at once, or none."""
        if self._is_due(commit):
            self.seal()
        if self.logged_from is None:
            self.logged_from = segment
        if isinstance(commit.times, int):
            self._take(commit.times, commit.layout.columns, commit.values, commit.stale)
        else:
            self._take_many(commit.times, commit.layout.columns, commit.values)
        self.through = number
        self._publish()

    def apply_rows(self, rows: Rows, layout: Layout, segment: int) -> None:
        """Take in commits of the same series, as one by one, but those together that only add rows."""
        stale = is_stale(rows.values).sum(axis=1)
        at, end = 0, len(rows.numbers)
        while at < end:
            commit = Commit(int(rows.times[at]), layout, rows.values[at].copy(), int(stale[at]))
            self.apply(commit, rows.numbers[at], segment)
            at += 1
            if more := self._room(rows.times[at - 1 :], layout, stale[at - 1 :]):
                before, last = at - 1, at + more - 1
                self._table.extend(rows.times[before:last], rows.values[before:last])
                self._newest = Newest(int(rows.times[last]), ((layout.columns, rows.values[last].copy()),), 0)
                self._dead = 0
                self._latest, self.through = int(rows.times[last]), rows.numbers[last]
                self._publish()
                at += more

    def aging_since(self) -> int | None:
        """When the oldest open sample came, told by the times of samples: a late one counts as what was newest then."""
        times = [self._table.first_time] if self._table.rows else []
        times += [self._ragged_since] if self._ragged.size else []
        times += [self._newest.time] if self._newest is not None else []
        return min(times, default=None)

    def open_since(self) -> int | None:
        """The time of the oldest sample that is not sealed."""
        times = [self._table.first_time] if self._table.rows else []
        times += [self._ragged.first_time] if self._ragged.size else []
        times += [self._newest.time] if self._newest is not None else []
        return min(times, default=None)

    def seal(self) -> None:
        """Turn all that is open into parts."""
        self._close_newest()
        parts = (*self.view.parts, *self._sealed())
        self.logged_from = None
        self._start_afresh()
        self.replace_parts(parts)

    def unstored(self) -> list[Part]:
        """The parts that no file holds yet; they are the last ones."""
        parts = self.view.parts
        if not parts or not _is_unstored(parts[-1]):  # nearly always, and asked of all sources each second
            return []
        return list(takewhile(_is_unstored, reversed(parts)))[::-1]

    def stored(self) -> list[Part]:
        """The parts that files hold."""
        return [part for part in self.view.parts if not _is_unstored(part)]

    def first_time(self) -> int | None:
        """The time of the oldest sample."""
        times = [part.start for part in self.view.parts]
        since = self.open_since()
        return min(times if since is None else [*times, since], default=None)

    def exchange(self, gone: Sequence[Part], fresh: Sequence[Part]) -> None:
        """Put these stored parts in the place of those, by time; parts that no file holds yet stay behind them."""
        ids = set(map(id, gone))
        left = [part for part in self.view.parts if id(part) not in ids]
        stored = sorted(
            (*(part for part in left if not _is_unstored(part)), *fresh), key=lambda part: (part.start, part.end)
        )
        self.replace_parts((*stored, *filter(_is_unstored, left)))

    def replace_parts(self, parts: tuple[Part, ...]) -> None:
        """Exchange the sealed parts; the open ones stay."""
        self._publish(parts)

    def take(self, parts: Sequence[Part]) -> None:
        """Show parts that come from outside; what is in them is not looked at."""
        self._latest = max(self._latest, *(part.end for part in parts))
        self.replace_parts((*self.view.parts, *parts))

    def restore(self, parts: Sequence[Part]) -> None:
        """Start from stored parts."""
        ordered = tuple(sorted(parts, key=lambda part: (part.start, part.end)))
        self.through = max(part.through for part in ordered)
        self._latest = max(part.end for part in ordered)
        self.replace_parts(ordered)

    def _take(self, time: int, columns: IntArray, values: FloatArray, stale: int) -> None:
        if time < self._latest:
            self._write_loose(columns, time, values)
        elif self._newest is not None and time == self._newest.time:
            self._newest = self._newest.with_more(columns, values, stale)
        else:
            self._close_newest()
            self._newest = Newest(time, ((columns, values),), stale)
            self._latest = time

    def _take_many(self, times: IntArray, columns: IntArray, values: FloatArray) -> None:
        instants, place, counts = np.unique(times, return_inverse=True, return_counts=True)
        live = max(self._table.slots, len(np.unique(columns)))
        apart = (instants < self._latest) | (counts * _QUARTER < live)
        apart[-1] = instants[-1] < self._latest  # the last one may still fill up
        apart &= instants != (self._newest.time if self._newest is not None else NEVER)
        loose = apart[place]
        if loose.any():
            self._write_loose(columns[loose], times[loose], values[loose])
        for at in np.flatnonzero(~apart):
            here = place == at
            self._take(int(instants[at]), columns[here], values[here], int(is_stale(values[here]).sum()))

    def _write_loose(self, columns: IntArray, times: IntArray | int, values: FloatArray) -> None:
        first = times if isinstance(times, int) else int(times.min())
        if not self._ragged.size:
            self._ragged_since = max(first, self._latest)
        self._ragged.write(columns, times, values)

    def _close_newest(self) -> None:
        newest, self._newest = self._newest, None
        if newest is None:
            return
        columns, values = newest.joined()
        if len(columns) * _QUARTER < self._table.slots:
            self._write_loose(columns, newest.time, values)
        else:
            self._table.write(newest.time, columns, values)
            self._dead = newest.stale

    def _is_due(self, commit: Commit) -> bool:
        rows = self._table.rows + (self._newest is not None)
        clean = self._newest is None or commit.start > self._newest.time
        if not clean:  # the newest instant is about to grow: wait, but not for ever
            return rows >= 2 * self._options.seal_rows or self._ragged.size >= 2 * self._options.seal_samples
        return (
            rows >= self._options.seal_rows
            or (rows >= _FEW_ROWS and rows * self._table.slots >= self._options.seal_cells)
            or self._ragged.size >= self._options.seal_samples
            or (rows >= _FEW_ROWS and self._has_changed())
        )

    def _has_changed(self) -> bool:
        """Whether a quarter of the columns is dead or new."""
        return max(self._dead, self._table.slots - self._table.first_slots) * _QUARTER >= self._table.slots

    def _room(self, times: IntArray, layout: Layout, stale: IntArray) -> int:
        """How many rows after the first of these, which is the newest instant, only add rows to the table."""
        table, newest = self._table, self._newest
        if newest is None or not newest.is_just(int(times[0]), layout.columns) or not (times[1:] > times[:-1]).all():
            return 0
        fits = table.is_of(layout.columns) and len(layout.columns) * _QUARTER >= table.slots
        if not fits or self._ragged.size >= self._options.seal_samples or self._has_changed():
            return 0
        whole = int((stale > 0).argmax()) if stale.any() else len(times)
        return max(0, min(whole - 1, self._options.seal_rows - table.rows - 1))

    def _sealed(self) -> Iterator[Part]:
        if self._table.rows:
            view = self._table.view()
            span = (int(view.times[0]), int(view.times[-1]))
            yield Part(self.number, *span, self.through, self.logged_from, table=view)
        if self._ragged.size:
            block = self._ragged.view().block(self.refs)
            span = (int(block.times.min()), int(block.times.max()))
            yield Part(self.number, *span, self.through, self.logged_from, ragged=block)

    def _start_afresh(self) -> None:
        self._table = OpenTable()
        self._ragged = OpenRagged()
        self._newest = None
        self._dead = 0

    def _publish(self, parts: tuple[Part, ...] | None = None) -> None:
        # In one assignment: a reader must never meet new parts without the open ones, or the other way round.
        if parts is None:
            sealed = (self.view.parts, self.view.parts_end, self.view.earlier_end)
        else:
            earlier = max((part.end for part in parts[:-1]), default=NEVER)
            sealed = (parts, max([earlier, *(part.end for part in parts[-1:])]), earlier)
        self.view = View(
            *sealed,
            self._table.view() if self._table.rows else None,
            self._newest,
            self._ragged.view() if self._ragged.size else None,
        )


def _is_unstored(part: Part) -> bool:
    return part.segment is not None
