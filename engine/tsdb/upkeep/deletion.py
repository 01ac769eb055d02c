"""Deleting samples of series: at once for whoever asks, on disk when files of parts are written anew.

Laws:
- A deletion is about the samples of commits before it. What comes later, whatever its time, is not touched.
- Sources with open samples in the span are sealed at one commit and stored, then the deletion is written down and
  synced, then parts are exchanged for pruned ones (see `files.pruned`). If that fails half-way (a full disk)
  nothing was deleted.
- A series of which nothing is left vanishes from the index. The time of its last sample stays what a further one must
  be later than, as in Prometheus, until the parts that have the sample are cleaned or dropped.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np

from engine.names.numbers import NEVER
from engine.tsdb.files.pruned import deleted_value, pruned
from engine.tsdb.log.tombstones import Deletion
from engine.tsdb.parts import Wanted
from engine.tsdb.reading import extents
from engine.tsdb.reading.extents import LATEST, Extents
from engine.tsdb.reading.gather import Group
from engine.tsdb.reading.selection import Selections
from engine.tsdb.source import Source
from engine.tsdb.state import State
from engine.tsdb.upkeep.maintenance import Maintenance
from engine.tsdb.view import Part
from promql.model.staleness import ABSENT_NAN
from promql.model.types import IntArray

_AT_ONCE: Final = 4096  # so many series are settled while appends wait


class Deleting:
    """Runs in any thread."""

    def __init__(self, state: State, selections: Selections, lock: threading.Lock, maintenance: Maintenance) -> None:
        self._state = state
        self._selections = selections
        self._lock = lock
        self._maintenance = maintenance

    def delete(self, refs: IntArray, start: int, end: int) -> None:
        """Delete the samples with start <= t <= end of these series, ascending. Raises DiskFullError."""
        with self._maintenance.exclusive():
            if not len(refs) or start > end:
                return
            groups = self._selections.grouped(refs)
            number, waiting = self._sealed(groups, start, end)
            self._maintenance.store(waiting)
            deletion = Deletion(number, start, end, refs)
            self._state.tombstones.add(deletion)
            for source in {id(source): source for group in groups for source, _ in group.owners}.values():
                self._prune(source, deletion)
            self._settle(groups)

    def _prune(self, source: Source, deletion: Deletion) -> None:
        """Which parts have the series is looked up in files, outside the lock; nobody else exchanges stored parts."""
        whole = source.stored()
        seen = [pruned(part, [deletion]) for part in whole]
        changed = [(old, new) for old, new in zip(whole, seen, strict=True) if old is not new]
        if changed:
            with self._lock:
                source.exchange([old for old, _ in changed], [new for _, new in changed])

    def _sealed(self, groups: Sequence[Group], start: int, end: int) -> tuple[int, list[tuple[Source, list[Part]]]]:
        """Seal what has open samples in the span; the deletion's number, and the parts that no file has yet."""
        with self._lock:
            number = self._state.next_commit
            self._state.next_commit += 1
            for group in groups:
                for source, _ in group.owners:
                    since = source.open_since()
                    if since is not None and since <= end and source.latest >= start:
                        source.seal()
            return number, self._maintenance.unstored()

    def _settle(self, groups: Sequence[Group]) -> None:
        for some in _batches(groups):
            seen = {id(part) for group in some for source, _ in group.owners for part in source.view.parts}
            sealed = [_sealed_extents(group) for group in some]
            with self._lock:
                found = [
                    extents.together([of_parts, *_extents_since(group, seen)])
                    for group, of_parts in zip(some, sealed, strict=True)
                ]
                gone = shorten(self._state, np.concatenate([group.refs for group in some]), extents.beside(found))
                if len(gone):
                    gone = np.sort(gone)
                    self._state.index.remove(gone.tolist(), self._state.catalog.labels_of(gone.tolist()))


def restore(state: State, selections: Selections, deletions: Sequence[Deletion]) -> None:
    """See all stored parts through these deletions, when a folder is opened; there is no index yet."""
    for source in state.all_sources():
        parts = tuple(pruned(part, deletions) for part in source.view.parts)
        if any(part.deletions for part in parts):
            source.replace_parts(parts)
    refs = np.unique(np.concatenate([deletion.refs for deletion in deletions]))
    for group in selections.grouped(refs[state.catalog.owner.array[refs] >= 0]):
        shorten(state, group.refs, _sealed_extents(group))


def recall_deleted(group: Group, time: int) -> float:
    """The value of a deleted sample of the group's only series; ABSENT_NAN where it is not known any more."""
    for source, columns in group.owners:
        for part in source.view.parts:
            value = deleted_value(part, Wanted(group.refs, columns), time)
            if value is not None:
                return value
    return float(ABSENT_NAN)


def shorten(state: State, refs: IntArray, found: Extents) -> IntArray:
    """Enter the extents of series that lost samples; gives those that are in the index and have none left."""
    catalog = state.catalog
    living = catalog.first.array[refs] != NEVER
    firsts, lasts = found.firsts[living], found.lasts[living]
    empty = firsts == LATEST
    catalog.shorten(refs[living], np.where(empty, NEVER, firsts), lasts)
    gone: IntArray = refs[living][empty]
    return gone


def _batches(groups: Sequence[Group]) -> Iterator[list[Group]]:
    """The groups, large ones in pieces, some series at a time."""
    batch: list[Group] = []
    for group in groups:
        for low in range(0, len(group.refs), _AT_ONCE):
            some = slice(low, low + _AT_ONCE)
            owners = tuple((source, columns[some]) for source, columns in group.owners)
            batch.append(Group(owners, group.refs[some], group.labels[some]))
            if sum(len(one.refs) for one in batch) >= _AT_ONCE:
                yield batch
                batch = []
    if batch:
        yield batch


def _sealed_extents(group: Group) -> Extents:
    return extents.together(
        [extents.of_parts(source.view.parts, Wanted(group.refs, columns)) for source, columns in group.owners]
    )


def _extents_since(group: Group, seen: set[int]) -> Iterator[Extents]:
    """What has come since: parts that were sealed in the meantime, and what is open."""
    for source, columns in group.owners:
        wanted = Wanted(group.refs, columns)
        yield extents.of_parts([part for part in source.view.parts if id(part) not in seen], wanted)
        yield extents.of_open(source.view, wanted)
