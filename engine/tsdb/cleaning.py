"""Writing files of parts anew without what was deleted.

Law: a file takes the place of its old self by a rename, so at each moment, and after each crash, either the old one is
there, seen through the deletions, or the new one, in which they find nothing to do.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from engine.tsdb.extents import LATEST
from engine.tsdb.maintenance import Maintenance
from engine.tsdb.numbers import NEVER
from engine.tsdb.partfile import PartFile, StoredRagged, StoredTable
from engine.tsdb.parts import Block, Wanted
from engine.tsdb.pruned import PrunedRagged, PrunedTable
from engine.tsdb.source import Source
from engine.tsdb.state import State
from engine.tsdb.table import TableView
from engine.tsdb.view import Part
from promql.model.staleness import is_absent
from promql.model.types import IntArray

_COLUMNS: Final = 256


@dataclass(frozen=True, slots=True)
class _Cleaned:
    """A part of a source, and what is left of it: samples of the series `refs`, or None."""

    source: Source
    part: Part
    left: Part | None
    refs: IntArray


class Cleaning:
    """Runs in any thread."""

    def __init__(self, state: State, lock: threading.Lock, maintenance: Maintenance) -> None:
        self._state = state
        self._lock = lock
        self._maintenance = maintenance

    def clean(self) -> None:
        """Write all files with deleted samples anew. Raises DiskFullError; what is done stays done."""
        with self._maintenance.exclusive():
            for file in self._state.files:
                parts = [(source, p) for source in self._state.all_sources() for p in source.view.parts]
                theirs = [(source, part) for source, part in parts if part.file == file.key]
                if any(part.deletions for _, part in theirs):
                    self._clean(file, [_cleaned(source, part) for source, part in theirs])
            self._maintenance.forget_deletions()
            with self._lock:
                self._state.catalog.lower_marks()
            self._state.find_oldest()

    def _clean(self, file: PartFile, parts: Sequence[_Cleaned]) -> None:
        gone = {id(one.part) for one in parts if one.left is None}
        losing = {one.source.number: one.source for one in parts if one.left is None}
        self._maintenance.keep_floors(
            {number: [p for p in source.view.parts if id(p) not in gone] for number, source in losing.items()}
        )
        new = self._maintenance.rewrite(file, [(one.left, one.refs) for one in parts if one.left is not None])
        stored = iter([] if new is None else list(new.parts()))
        fresh = {id(one.part): None if one.left is None else next(stored) for one in parts}
        for source in {id(one.source): one.source for one in parts}.values():
            with self._lock:
                now = (fresh.get(id(part), part) for part in source.view.parts)
                source.replace_parts(tuple(part for part in now if part is not None))


def _cleaned(source: Source, part: Part) -> _Cleaned:
    if isinstance(part.table, StoredTable | PrunedTable):
        refs = part.table.refs
        table = _left_of_table(part.table)
        span = table.times[[0, -1]].tolist() if table is not None else []
        left = None if table is None else replace(part, start=span[0], end=span[1], table=table, deletions=())
        return _Cleaned(source, part, left, refs)
    assert isinstance(part.ragged, StoredRagged | PrunedRagged)
    refs = part.ragged.refs
    block = _left_of_ragged(part.ragged)
    span = [int(block.times.min()), int(block.times.max())] if len(block.refs) else []
    left = replace(part, start=span[0], end=span[1], ragged=block, deletions=()) if span else None
    return _Cleaned(source, part, left, refs)


def _left_of_table(table: StoredTable | PrunedTable) -> TableView | None:
    """The rows and columns that have samples; columns are numbered as in the part."""
    rows, columns = len(table.times), np.arange(len(table.refs))
    values = np.empty((len(columns), rows))
    for low in range(0, len(columns), _COLUMNS):
        table.fill(values[low : low + _COLUMNS], columns[low : low + _COLUMNS], 0, rows)
    present = ~is_absent(values)
    kept_rows, kept = present.any(axis=0), np.flatnonzero(present.any(axis=1))
    if not len(kept):
        return None
    return TableView(table.times[kept_rows], values[kept][:, kept_rows].T, np.empty(0, np.int64), kept)


def _left_of_ragged(ragged: StoredRagged | PrunedRagged) -> Block:
    samples = ragged.samples(Wanted(ragged.refs, np.arange(len(ragged.refs))), NEVER, LATEST)
    offsets = np.concatenate([[0], samples.counts.cumsum()]).astype(np.int64)
    return Block(ragged.refs[samples.rows], offsets, samples.times, samples.values)
