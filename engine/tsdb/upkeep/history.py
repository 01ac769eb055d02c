"""Sealed parts that come from outside: samples of any age, which no log holds.

They are parts of the sources in which their series have columns, and say that they hold no commit. Whoever makes them
sees to it that a series has no sample in them that is stored already.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Final

import numpy as np
from msgspec import Struct

from engine.names.numbers import NEVER
from engine.tsdb.parts import Block
from engine.tsdb.source import Source
from engine.tsdb.state import State
from engine.tsdb.table import OpenTable, TableView
from engine.tsdb.upkeep.maintenance import Maintenance
from engine.tsdb.view import Part
from promql.model.types import FloatArray, IntArray

NO_COMMIT: Final = -1
_SPARSE: Final = 4


class History(Struct, frozen=True):
    """A part on its way into a file, its series, and when the first and last sample of each were: int64[S] each."""

    source: Source
    part: Part
    refs: IntArray
    firsts: IntArray
    lasts: IntArray


def sealed(source: Source, refs: IntArray, times: IntArray, values: FloatArray) -> History:
    """A part of samples by series and time; the series have columns in the source.

    A table where a quarter of its places or more would be filled, else each series with instants of its own.
    """
    names, starts = np.unique(refs, return_index=True)
    instants, rows = np.unique(times, return_inverse=True)
    span = (int(instants[0]), int(instants[-1]))
    ends = np.append(starts[1:], len(refs)).astype(np.int64)
    if len(times) * _SPARSE < len(names) * len(instants):
        block = Block(names, np.append(0, ends), times, values)
        part = Part(source.number, *span, NO_COMMIT, 0, ragged=block)
    else:
        table = _table(instants, rows, source.columns_of(refs), values)
        part = Part(source.number, *span, NO_COMMIT, 0, table=table)
    return History(source, part, names, times[starts], times[ends - 1])


def _table(instants: IntArray, rows: IntArray, columns: IntArray, values: FloatArray) -> TableView:
    table = OpenTable()
    order = rows.argsort(kind="stable")
    edges = rows[order].searchsorted(np.arange(len(instants) + 1)).tolist()
    for at, time in enumerate(instants.tolist()):
        row = order[edges[at] : edges[at + 1]]
        table.write(time, columns[row], values[row])
    return table.view()


def add_history(state: State, lock: threading.Lock, maintenance: Maintenance, history: Sequence[History]) -> None:
    """Show the parts, put them into a file, and enter their series. Raises DiskFullError and leaves all as it was."""
    parts: dict[int, list[Part]] = {}
    for one in history:
        parts.setdefault(one.source.number, []).append(one.part)
    waiting = [(state.by_number[number], some) for number, some in parts.items()]
    with maintenance.exclusive():
        with lock:
            for source, some in waiting:
                source.take(some)
        try:
            maintenance.store(waiting)
        except BaseException:
            with lock:
                for source, some in waiting:
                    source.exchange(some, [])  # and not what was there before: more may have been sealed since
            raise
        with lock:
            for one in history:
                _enter(state, one)


def _enter(state: State, one: History) -> None:
    born = np.sort(state.catalog.note_history(one.refs, one.firsts, one.lasts)).tolist()
    state.oldest = one.part.start if state.oldest == NEVER else min(state.oldest, one.part.start)
    state.newest = max(state.newest, one.part.end)
    if born:
        state.index.add(born, state.catalog.labels_of(born))
