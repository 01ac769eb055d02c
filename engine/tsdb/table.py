"""The open part of a source: rows over time, one column a slot.

Laws:
- Rows only grow. A view knows how many rows and slots there were when it was taken and looks no further.
- A column gets its slot when it first has a sample here, so that dead columns of the source cost nothing.
- The newest instant is not a row yet but a `Newest`, an immutable value that is replaced when more columns come
  for the same instant (the rules of a group append one after the other). It becomes a row, or goes to the
  ragged part, only when a later instant comes: by then it is known how full it is.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from msgspec import Struct

from engine.names.numbers import enlarged
from engine.tsdb.parts import Located, Wanted
from promql.model.staleness import ABSENT_BITS, ABSENT_NAN
from promql.model.types import FloatArray, IntArray

_FIRST_ROWS: Final = 128
_NO_SLOT: Final = -1


class OpenTable:
    """Time-major: a row is written with one copy; reallocated only when it outgrows its columns or rows."""

    def __init__(self) -> None:
        self.rows = 0
        self.slots = 0
        self.first_slots = 0
        self._times = np.empty(_FIRST_ROWS, np.int64)
        self._values = np.empty((_FIRST_ROWS, 0))
        self._columns = np.empty(0, np.int64)
        self._slot_of = np.full(1, _NO_SLOT, np.int64)
        self._last_columns: IntArray | None = None
        self._last_slots = self._columns

    @property
    def first_time(self) -> int:
        return int(self._times[0])

    def write(self, time: int, columns: IntArray, values: FloatArray) -> None:
        """Add a row; `time` is later than that of the last one."""
        if columns is not self._last_columns:
            self._last_slots, self._last_columns = self._slots(columns), columns
        slots = self._last_slots
        if self.rows == len(self._times):
            self._grow_rows()
        row = self._values[self.rows]
        if len(slots) < len(row):
            row.fill(ABSENT_NAN)
        row[slots] = values
        self._times[self.rows] = time
        if not self.rows:
            self.first_slots = self.slots
        self.rows += 1

    def is_of(self, columns: IntArray) -> bool:
        """Whether the last row had just these columns."""
        return columns is self._last_columns

    def extend(self, times: IntArray, values: FloatArray) -> None:
        """Add rows, `values: float64[R, N]`, of the columns that the last one had."""
        end = self.rows + len(times)
        while end > len(self._times):
            self._grow_rows()
        rows = self._values[self.rows : end]
        if values.shape[1] < rows.shape[1]:
            rows.fill(ABSENT_NAN)
        rows[:, self._last_slots] = values
        self._times[self.rows : end] = times
        self.rows = end

    def view(self) -> TableView:
        return TableView(self._times[: self.rows], self._values, self._slot_of, self._columns[: self.slots])

    def _slots(self, columns: IntArray) -> IntArray:
        slots = self._slot_of.take(columns, mode="clip")
        new = slots < 0
        if new.any():
            self._give_slots(columns[new])
            slots = self._slot_of[columns]
        return slots

    def _give_slots(self, columns: IntArray) -> None:
        highest = int(columns.max())
        if highest + 1 >= len(self._slot_of):  # the last entry stays free: whatever lies beyond reads it
            self._slot_of = enlarged(self._slot_of, highest + 2, _NO_SLOT)
        end = self.slots + len(columns)
        if end > self._values.shape[1]:
            self._grow_slots(end)
        self._slot_of[columns] = np.arange(self.slots, end)
        self._columns[self.slots : end] = columns
        self.slots = end

    def _grow_slots(self, needed: int) -> None:
        room = needed if not self.rows else needed + needed // 8
        values = np.empty((len(self._times), room))
        values[: self.rows, : self.slots] = self._values[: self.rows, : self.slots]
        values[: self.rows, self.slots :] = ABSENT_NAN
        columns = np.empty(room, np.int64)
        columns[: self.slots] = self._columns[: self.slots]
        self._values, self._columns = values, columns

    def _grow_rows(self) -> None:
        values = np.empty((2 * len(self._times), self._values.shape[1]))
        values[: self.rows] = self._values[: self.rows]
        self._times, self._values = enlarged(self._times, len(values), 0), values


class TableView:
    """The rows of an open table so far; also what is left of it once it was sealed and awaits its encoding."""

    __slots__ = ("__weakref__", "_slot_of", "_values", "columns", "times")

    def __init__(self, times: IntArray, values: FloatArray, slot_of: IntArray, columns: IntArray) -> None:
        self.times = times
        self.columns = columns
        self._values = values
        self._slot_of = slot_of

    def slots(self, columns: IntArray) -> Slots:
        """The slots of columns, to be kept as long as they hold."""
        at = self._located(columns)
        return Slots(at, not np.count_nonzero(at < 0), self._slot_of, len(self.columns))

    def has_slots(self, slot_of: IntArray, count: int) -> bool:
        return self._slot_of is slot_of and len(self.columns) >= count

    def locate(self, wanted: Wanted) -> Located:
        at = self._located(wanted.columns)
        rows = np.flatnonzero(at >= 0)
        return Located(rows, at[rows])

    def _located(self, columns: IntArray) -> IntArray:
        slots = self._slot_of.take(columns, mode="clip")
        # A slot that was given after this view was taken is not in it. Unsigned, -1 is beyond the end as well.
        beyond = slots.view(np.uint64) >= len(self.columns)
        if np.count_nonzero(beyond):
            slots[beyond] = _NO_SLOT
        return slots

    def rows(self, start: int, end: int) -> tuple[int, int]:
        """The rows with start <= t <= end."""
        low = int(self.times.searchsorted(start)) if start > self.times[0] else 0
        return low, len(self.times) if end >= self.times[-1] else int(self.times.searchsorted(end, "right"))

    def whole(self, at: IntArray, low: int, high: int) -> bool:
        return False

    def fill(self, out: FloatArray, at: IntArray, low: int, high: int) -> None:
        if len(at) == 1:
            out[0] = self._values[low:high, at[0]]
        else:
            out[:] = self._values[low:high].take(at, axis=1).T

    def take(self, out: FloatArray, row: int, at: IntArray) -> None:
        """Copy what stands at these slots in a row."""
        self._values[row].take(at, out=out, mode="clip")

    @property
    def height(self) -> int:
        return len(self.times)

    def kept(self, at: IntArray) -> tuple[IntArray, FloatArray]:
        return self.times, self._values[: len(self.times)].take(at, axis=1).T

    def column(self, at: int) -> tuple[IntArray, FloatArray]:
        return self.times, self._values[: len(self.times), at]


class Slots(Struct, frozen=True):
    """Where some columns stand in an open table; -1 for one that is not there, unless `complete`.

    A slot once given stays, so this holds for each later view of the table while no new slot was given to it, and
    when it is complete even then.
    """

    at: IntArray
    complete: bool
    slot_of: IntArray
    count: int

    def hold_for(self, view: TableView) -> bool:
        return view.has_slots(self.slot_of, self.count) if self.complete else False


class Newest:
    """The newest instant of a source: as many of its columns as have come so far."""

    __slots__ = ("_pieces", "_row", "stale", "time")

    def __init__(self, time: int, pieces: tuple[tuple[IntArray, FloatArray], ...], stale: int) -> None:
        self.time = time
        self.stale = stale
        self._pieces = pieces
        self._row: FloatArray | None = None

    def with_more(self, columns: IntArray, values: FloatArray, stale: int) -> Newest:
        return Newest(self.time, (*self._pieces, (columns, values)), self.stale + stale)

    def is_just(self, time: int, columns: IntArray) -> bool:
        """Whether it came in one piece: that time, these columns."""
        return self.time == time and len(self._pieces) == 1 and self._pieces[0][0] is columns

    def joined(self) -> tuple[IntArray, FloatArray]:
        """Columns and values, in the order in which they came."""
        if len(self._pieces) == 1:
            return self._pieces[0]
        return np.concatenate([c for c, _ in self._pieces]), np.concatenate([v for _, v in self._pieces])

    @property
    def times(self) -> IntArray:
        return np.array([self.time], np.int64)

    def locate(self, wanted: Wanted) -> Located:
        here = self._dense().take(wanted.columns, mode="clip")
        rows = np.flatnonzero(here.view(np.uint64) != ABSENT_BITS)
        return Located(rows, wanted.columns[rows])

    def whole(self, at: IntArray, low: int, high: int) -> bool:
        return False

    def fill(self, out: FloatArray, at: IntArray, low: int, high: int) -> None:
        out[:, 0] = self._dense()[at]

    def take(self, out: FloatArray, columns: IntArray) -> None:
        """Copy the values of these columns; ABSENT_NAN where there is none."""
        self._dense().take(columns, out=out, mode="clip")

    def _dense(self) -> FloatArray:
        """By column, one absent value at the end. Made when first asked for: most instants are never queried."""
        if self._row is None:
            columns, values = self.joined()
            row = np.full(int(columns.max()) + 2, ABSENT_NAN)
            row[columns] = values
            self._row = row
        return self._row
