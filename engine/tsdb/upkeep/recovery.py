"""Opening a folder: what was written last time becomes the store again.

Names first, then parts, then the log: a commit that a part already holds is passed over by its number. Damage
never stops the opening and never becomes a wrong sample: what can't be read is left out and listed. A commit that
names a series without a name is left out whole, and the numbers it used are never given to another series.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Final

import numpy as np
from msgspec import Struct

from engine.foundation.collector import uncollected
from engine.foundation.errors import DamagedError
from engine.foundation.files import NO_ROOM
from engine.foundation.frames import Gap
from engine.names.numbers import NEVER
from engine.tsdb.commit import Commit, Layout
from engine.tsdb.files.cache import ArrayCache
from engine.tsdb.files.partfile import PartFile
from engine.tsdb.log.pages import Lost, Rows
from engine.tsdb.log.replay import Instants, read_segment
from engine.tsdb.log.serieslog import Named, read_series, rewrite
from engine.tsdb.log.tombstones import Deletion, Tombstones, read_tombstones
from engine.tsdb.log.walformat import number_of, segments
from engine.tsdb.options import StoreOptions
from engine.tsdb.reading.selection import Selections
from engine.tsdb.source import Source
from engine.tsdb.state import State
from engine.tsdb.upkeep import deletion
from engine.tsdb.view import Part
from promql.model.staleness import is_stale
from promql.model.types import IntArray

_MANY: Final = 1000  # fewer names than this are not worth a new file


class Damage(Struct, frozen=True):
    """Bytes that could not be read: where, how many, and what was done about it."""

    file: str
    offset: int
    size: int
    what: str

    def __str__(self) -> str:
        return f"{self.file}: {self.what} ({self.size} bytes at {self.offset})"


class Recovery(Struct, frozen=True):
    """What opening found. `lost_commits` were logged, but their series' names or their layout are gone."""

    commits: int = 0
    samples: int = 0
    lost_commits: int = 0
    damages: tuple[Damage, ...] = ()


def restore(folder: Path, options: StoreOptions, cache: ArrayCache) -> tuple[State, Recovery]:
    """Read a folder. Cuts torn tails off; writes the names anew where they need it, and then reads once more."""
    with uncollected():
        reader = _Reader(folder, options, cache)
        recovery = reader.read()
        if reader.tidy_names():
            reader = _Reader(folder, options, cache)
            reader.read()
    return reader.state, recovery


class _Reader:
    """One opening."""

    def __init__(self, folder: Path, options: StoreOptions, cache: ArrayCache) -> None:
        self._folder = folder
        self._options = options
        self._cache = cache
        self.state = State()
        self._layouts: dict[int, Layout] = {}
        self._born: list[int] = []
        self._damages: list[Damage] = []
        self._names_damaged = False
        self._commits = self._samples = self._lost = 0

    def read(self) -> Recovery:
        self._read_names()
        self._read_parts()
        self._read_tombstones()
        state = self.state
        state.newest = int(state.catalog.last.array.max(initial=NEVER))
        state.find_oldest()
        if living := state.living():
            state.index.add(living, state.catalog.labels_of(living))
        in_parts = state.catalog.last.array.copy()
        self._read_log()
        if born := sorted(self._born):
            state.index.add(born, state.catalog.labels_of(born))
        state.catalog.raise_lasts(in_parts)  # a source's open samples may be older than another's sealed ones
        return Recovery(self._commits, self._samples, self._lost, tuple(self._damages))

    def _read_names(self) -> None:
        path = self._folder / "series.log"
        if not path.exists():
            return
        for found in read_series(path):
            if isinstance(found, Gap):
                self._names_damaged = True
                self._report(path, found, "names of series are lost, their samples are left out")
            else:
                self._restore_names(found)

    def _restore_names(self, named: Named) -> None:
        state = self.state
        source = state.by_number.get(named.number)
        if source is None:
            source = Source(named.key, named.number, state.catalog, self._options)
            state.add(source)
        if named.refs:
            state.catalog.restore(named.refs, named.labels)
            source.adopt(np.array(named.refs, np.int64))
        source.saved = len(source.refs)

    def _read_parts(self) -> None:
        by_source: dict[int, list[Part]] = {}
        for file in self._sound_files():
            for part in file.parts():
                by_source.setdefault(part.source, []).append(part)
        for number, parts in by_source.items():
            self.state.next_commit = max(self.state.next_commit, *(part.through + 1 for part in parts))
            self.state.next_source = max(self.state.next_source, number + 1)
            if number in self.state.by_number:
                self.state.by_number[number].restore(parts)

    def _sound_files(self) -> tuple[PartFile, ...]:
        """The files of parts whose lists can be read. Those that one of them takes the place of are removed: compaction
        had not come to it. Newest first, since the new one has the higher number.
        """
        paths, replaced = sorted((self._folder / "parts").glob("*.part")), frozenset[int]()
        self.state.next_file = max((int(path.stem) + 1 for path in paths), default=self.state.next_file)
        for path in reversed(paths):
            if int(path.stem) in replaced:
                path.unlink()
                continue
            try:
                file = PartFile.open(path, self._cache)
                lasts = list(file.lasts())
            except DamagedError as error:
                self._damages.append(Damage(str(path), 0, path.stat().st_size, f"left out: {error}"))
                continue
            self._note_ends(file.start, lasts)
            self.state.files = (file, *self.state.files)
            replaced |= file.replaces
        return self.state.files

    def _read_tombstones(self) -> None:
        state, path = self.state, self._folder / "tombstones"
        deletions: list[Deletion] = []
        floors: dict[int, int] = {}
        damaged = False
        for found in read_tombstones(path):
            match found:
                case Deletion():
                    deletions.append(found)
                case Gap():
                    damaged = True
                    self._report(path, found, "deletions are lost, what they deleted is there again")
                case _:
                    floors |= found
        state.tombstones = Tombstones(path, deletions, floors)
        if damaged:
            state.tombstones.keep(deletions, floors)
        known = [-1, *(one.number for one in deletions), *floors.values()]
        state.next_commit = max(state.next_commit, max(known) + 1)
        for number, through in floors.items():
            if (source := state.by_number.get(number)) is not None:
                source.through = max(source.through, through)
        if deletions:
            state.catalog.reserve(1 + max(int(one.refs[-1]) for one in deletions))  # names and parts may be lost
            deletion.restore(state, Selections(state), deletions)

    def _note_ends(self, start: int, lasts: Iterable[tuple[IntArray, IntArray]]) -> None:
        catalog = self.state.catalog
        for refs, times in lasts:
            catalog.reserve(int(refs.max()) + 1)
            catalog.last.array[refs] = np.maximum(catalog.last.array[refs], times)
            known = catalog.first.array[refs]
            catalog.first.array[refs] = np.where(known == NEVER, start, np.minimum(known, start))

    def _read_log(self) -> None:
        paths = segments(self._folder / "wal")
        for path in paths:
            self.state.next_segment = number_of(path) + 1
            for found in read_segment(path, self._through):
                if isinstance(found, Lost):
                    self._lose(found.number, found.commits)
                elif not isinstance(found, Gap):
                    self._replay(found, number_of(path))
                elif found.torn and path == paths[-1]:
                    self._cut(path, found)
                else:
                    self._report(path, found, "samples in it are lost")

    def _through(self, source: int) -> int:
        known = self.state.by_number.get(source)
        return -1 if known is None else known.through

    def _lose(self, number: int, commits: int) -> None:
        self.state.next_commit = max(self.state.next_commit, number + 1)
        self._lost += commits

    def _replay(self, found: Rows | Instants, segment: int) -> None:
        state = self.state
        state.next_source = max(state.next_source, found.source + 1)
        source = state.by_number.get(found.source)
        layout = None if source is None else self._layout(source, found.refs)
        if source is None or layout is None:
            self._lose(found.numbers[-1], len(found.numbers))
            return
        if isinstance(found, Rows):
            self._born += state.enter_rows(source, found, layout, segment)
        else:
            commit = Commit(found.times, layout, found.values, int(is_stale(found.values).sum()), late=True)
            self._born += state.enter(source, commit, found.numbers[0], segment)
        self._commits += len(found.numbers)
        self._samples += found.values.size

    def _layout(self, source: Source, refs: IntArray) -> Layout | None:
        """The columns of logged series; None where one has no name. The rows of a page share one array of them."""
        known = self._layouts.get(source.number)
        if known is not None and known.refs is refs:
            return known
        self.state.catalog.reserve(int(refs.max()) + 1)
        columns = self.state.catalog.columns_in(source.number, refs)
        if columns.min() < 0:
            return None
        layout = self._layouts[source.number] = Layout(columns, refs)
        return layout

    def _cut(self, path: Path, gap: Gap) -> None:
        self._damages.append(Damage(str(path), gap.start, gap.end - gap.start, "the torn end was cut off"))
        os.truncate(path, gap.start)

    def _report(self, path: Path, gap: Gap, what: str) -> None:
        self._damages.append(Damage(str(path), gap.start, gap.end - gap.start, what))

    def tidy_names(self) -> bool:
        """Write the names anew when some were damaged, or when most are of series that have no samples any more.

        What was read does not hold then: it knows series that the new file does not name. The highest number
        stays in, so that it is not given again. Where there is no room, that is left to another time.
        """
        state, catalog = self.state, self.state.catalog
        named = int((catalog.owner.array >= 0).sum())
        living = len(state.index)
        if not self._names_damaged and (named < _MANY or living * 2 > named):
            return False
        kept = [self._kept(source, len(catalog) - 1) for source in state.all_sources()]
        try:
            rewrite(self._folder / "series.log", kept)
        except OSError as error:
            if error.errno not in NO_ROOM:
                raise
            return False  # the old file stays as it is, and can be read as it was
        return True

    def _kept(self, source: Source, highest: int) -> Named:
        catalog, refs = self.state.catalog, source.refs
        kept = refs[(catalog.last.array[refs] != NEVER) | (refs == highest)].tolist()
        return Named(source.number, source.key, kept, [catalog.labels[ref] for ref in kept])
