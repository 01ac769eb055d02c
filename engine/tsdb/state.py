"""What a store holds, as one value that its parts share."""

from __future__ import annotations

import numpy as np
from msgspec import Struct, field

from engine.names.index import Index
from engine.names.numbers import NEVER
from engine.tsdb.commit import Commit, Layout
from engine.tsdb.files.partfile import PartFile
from engine.tsdb.log.pages import Rows
from engine.tsdb.log.tombstones import Tombstones
from engine.tsdb.names.catalog import Catalog
from engine.tsdb.source import Source


class State(Struct):
    """Series, sources, files, and the next free numbers. `oldest` and `newest` are times of samples."""

    catalog: Catalog = field(default_factory=Catalog)
    index: Index = field(default_factory=Index)
    sources: dict[str, Source] = field(default_factory=dict)
    by_number: dict[int, Source] = field(default_factory=dict)
    files: tuple[PartFile, ...] = ()
    tombstones: Tombstones = field(default_factory=Tombstones)
    next_source: int = 0
    next_commit: int = 0
    next_segment: int = 1
    next_file: int = 1
    oldest: int = NEVER
    newest: int = NEVER

    def add(self, source: Source) -> None:
        self.sources[source.key] = source
        self.by_number[source.number] = source
        self.next_source = max(self.next_source, source.number + 1)

    def apply(self, source: Source, commit: Commit, number: int, segment: int) -> None:
        """Take in a commit that is in that segment of the log under that number."""
        if born := self.enter(source, commit, number, segment):
            self.index.add(born, self.catalog.labels_of(born))

    def enter(self, source: Source, commit: Commit, number: int, segment: int) -> list[int]:
        """The same but for the index: the series that have their first samples here, ascending, are not in it yet."""
        catalog, layout = self.catalog, commit.layout
        known = layout.living_at == catalog.forgettings
        born: list[int] = [] if known else catalog.born(commit.times, layout.refs).tolist()
        layout.living_at = catalog.forgettings
        if commit.late and not isinstance(commit.times, int):
            catalog.note_late(commit.times, layout.refs, commit.values)
        else:
            catalog.note(commit.times, layout.refs, commit.values)
        source.apply(commit, number, segment)
        self.next_commit = max(self.next_commit, number + 1)
        self.oldest = commit.start if self.oldest == NEVER else min(self.oldest, commit.start)
        self.newest = max(self.newest, commit.end)
        return born

    def enter_rows(self, source: Source, rows: Rows, layout: Layout, segment: int) -> list[int]:
        """The same for commits that have the same series, each later than the one before."""
        catalog, (first, last) = self.catalog, (int(rows.times[0]), int(rows.times[-1]))
        born: list[int] = catalog.born(first, layout.refs).tolist()
        catalog.note_newer(last, layout.refs, rows.values[-1])
        source.apply_rows(rows, layout, segment)
        self.next_commit = max(self.next_commit, rows.numbers[-1] + 1)
        self.oldest = first if self.oldest == NEVER else min(self.oldest, first)
        self.newest = max(self.newest, last)
        return born

    def all_sources(self) -> list[Source]:
        """A copy, made in one step of the interpreter: for any thread."""
        return list(self.sources.values())

    def find_oldest(self) -> None:
        """Look for the oldest sample; needed when some have gone."""
        firsts = (source.first_time() for source in self.all_sources())
        self.oldest = min((time for time in firsts if time is not None), default=NEVER)

    def living(self) -> list[int]:
        """The series that have samples and a name."""
        catalog = self.catalog
        return np.flatnonzero((catalog.first.array != NEVER) & (catalog.owner.array >= 0)).tolist()
