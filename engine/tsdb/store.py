"""The store: sources append, queries select.

Discipline: `source`, `Source.column(s)` and `append` belong to one thread, the event loop's. `select`, `series`,
`label_names`, `label_values`, `stats`, `maintain`, `delete`, `clean_tombstones` and `snapshot` may run in any thread:
they read immutable views, and what `maintain` changes it changes under the lock that `append` holds while it applies a
commit; encoding and disk syncs happen outside of it.

A commit is judged, written to the log, then applied; whatever fails before the last step leaves no trace.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
from msgspec.structs import replace as replace_fields

from engine.foundation.errors import DiskError, FormatError, StoreError
from engine.foundation.files import FolderLock, replace, sweep
from engine.names.numbers import NEVER
from engine.tsdb.admission import Admission, Bounds
from engine.tsdb.batch import Appended, Batch
from engine.tsdb.commit import Commit
from engine.tsdb.exemplars import Exemplar, Exemplars, Verdict
from engine.tsdb.files.cache import ArrayCache
from engine.tsdb.log.exemplarlog import KeptExemplars
from engine.tsdb.log.feed import Feed, Position
from engine.tsdb.log.serieslog import Named, NoSeriesLog, SeriesLog
from engine.tsdb.log.tombstones import Deletion
from engine.tsdb.log.wal import Log, NoLog, Wal
from engine.tsdb.options import StoreOptions
from engine.tsdb.reading.gather import gather
from engine.tsdb.reading.late import held
from engine.tsdb.reading.portions import portions
from engine.tsdb.reading.selection import Selections
from engine.tsdb.reading.weigh import weigh
from engine.tsdb.request import Refusal, Writes, judge
from engine.tsdb.source import Source
from engine.tsdb.state import State
from engine.tsdb.stats import TOP, StoreCounts, StoreSize, StoreStats, label_tables
from engine.tsdb.upkeep.cleaning import Cleaning
from engine.tsdb.upkeep.deletion import Deleting, recall_deleted
from engine.tsdb.upkeep.history import History, add_history
from engine.tsdb.upkeep.maintenance import Maintained, Maintenance
from engine.tsdb.upkeep.recovery import Recovery, restore
from engine.tsdb.upkeep.snapshot import Snapshots
from promql.model.labels import Labels
from promql.model.matchers import Matcher
from promql.model.panel import Kind, Later, Need, Selected, Size
from promql.model.types import BoolArray, IntArray

FORMAT: bytes = b"engine samples, format 2\n"

log = logging.getLogger(__name__)


class Store:
    """Series in a folder, or in memory alone. Make one with `Store.open`."""

    def __init__(self, folder: Path | None, options: StoreOptions, lock: FolderLock | None) -> None:
        cache = ArrayCache(options.cache_bytes)
        self.options = options
        self.recovery = Recovery()
        self.totals = Appended()
        self._folder = folder
        self._folder_lock = lock
        self._state = State()
        self._names: SeriesLog | NoSeriesLog = NoSeriesLog()
        self._log: Log = NoLog()
        if folder is not None:
            self._state, self.recovery = restore(folder, options, cache)
            self._names = SeriesLog(folder / "series.log")
            self._log = Wal(folder / "wal", self._state.next_segment, options)
        self._selections = Selections(self._state)
        self._admission = Admission(self._state.catalog, self._recall, self._held)
        self._exemplars = KeptExemplars(folder, options.max_exemplars)
        self._lock = threading.Lock()
        self._feeds: tuple[Feed, ...] = ()
        self._maintenance = Maintenance(self._state, options, self._lock, (self._names, self._log), (folder, cache))
        self._deleting = Deleting(self._state, self._selections, self._lock, self._maintenance)
        self._cleaning = Cleaning(self._state, self._maintenance)
        self._snapshots = Snapshots(self._state, self._names, self._lock, self._maintenance)

    @classmethod
    def open(cls, folder: Path | None, options: StoreOptions | None = None) -> Store:
        """The store in a folder, which is made where there is none; None keeps everything in memory.

        Raises StoreError where another process uses the folder, another version wrote it, or it can't be read or made.
        Damage is no error, it is told by `recovery`.
        """
        options = options or StoreOptions()
        if folder is None:
            return cls(None, options, None)
        try:
            return cls._open(folder, options)
        except OSError as error:
            raise DiskError(
                f"{error.filename or folder}: can't open the store ({error.strerror}): check the disk and whose it is"
            ) from error

    @classmethod
    def _open(cls, folder: Path, options: StoreOptions) -> Store:
        for path in (folder, folder / "wal", folder / "parts"):
            path.mkdir(parents=True, exist_ok=True)
        lock = FolderLock(folder)
        try:
            sweep(folder)
            _check_format(folder)
            store = cls(folder, options, lock)
        except BaseException:
            lock.release()
            raise
        for damage in store.recovery.damages:
            log.warning("%s", damage)
        return store

    def close(self) -> None:
        """Sync and close; what is open stays in the log and is there again at the next opening."""
        self._maintenance.close()
        self._names.close()
        self._log.close()
        self._exemplars.close()
        if self._folder_lock is not None:
            self._folder_lock.release()
            self._folder_lock = None

    def source(self, key: str) -> Source:
        """The source of this key, found or made."""
        found = self._state.sources.get(key)
        if found is None:
            found = Source(key, self._state.next_source, self._state.catalog, self.options)
            self._state.add(found)
        return found

    def append(self, source: Source, batches: Sequence[Batch]) -> Appended:
        """One commit: what the rules accept of all batches is logged and shown as one, the rest is counted.

        Raises DiskFullError; nothing was applied then, and the same call may succeed later.
        """
        commit, counts = self._admission.judge(source, batches, self._bounds())
        if commit is not None:
            self._commit(source, commit)
        self.totals += counts
        return counts

    def append_whole(self, writes: Writes) -> tuple[Appended, Refusal | None]:
        """A request for many sources: a commit for each of them, or, where one sample is refused, none at all.

        Raises DiskFullError; commits before the one that found no room are kept then, and the same call may succeed
        later, since what is there already is accepted again.
        """
        commits, counts, refusal = judge(self._admission, writes, self._bounds())
        for source, commit in commits:
            self._commit(source, commit)
        self.totals += counts if refusal is None else replace_fields(counts, appended=0)
        return counts, refusal

    def follow(self, position: Position | None, most: int) -> Feed:
        """Commits from a position on, or from now on; the log is kept until the feed has passed it. See `unfollow`."""
        last = self._state.next_commit - 1
        folder = None if self._folder is None else self._folder / "wal"
        here = Position(last, self._log.segment)
        feed = Feed(folder, here if position is None or position.commit > last else position, last, most)
        self._feeds = (*self._feeds, feed)
        self._maintenance.feeds = self._feeds
        return feed

    def unfollow(self, feed: Feed) -> None:
        self._feeds = tuple(one for one in self._feeds if one is not feed)
        self._maintenance.feeds = self._feeds

    @property
    def exemplars(self) -> Exemplars:
        """Those that are kept."""
        return self._exemplars.ring

    def append_exemplars(self, source: Source, found: Sequence[tuple[int, Exemplar]]) -> list[Verdict]:
        """Keep exemplars of series, which are told by their columns in a source; what became of each."""
        refs, labels = source.refs, self._state.catalog.labels
        return self._exemplars.add((labels[int(refs[column])], one) for column, one in found)

    def add_history(self, history: Sequence[History]) -> None:
        """Store samples of any age as sealed parts, past the log; each source once, and none is stored already.

        Raises DiskFullError; then nothing of it is kept.
        """
        if self.deletions:  # they are told from what came later by numbers of commits, which history has none of
            self.clean_tombstones()
        for one in history:
            self._name(one.source)
        add_history(self._state, self._lock, self._maintenance, history)

    def writers(self, labels: Labels) -> list[Source]:
        """The sources in which this series has a column, the first one first; none for one that was never seen."""
        return [self._state.by_number[number] for number in self._state.catalog.writers(labels)]

    def select(self, need: Need) -> list[Selected]:
        """The samples that a selector needs."""
        if need.kind is Kind.NEWEST:
            return list(self._selections.newest(need.matchers, need.start, need.end))
        found: list[Selected] = []
        for group in self._selections.groups(need.matchers):
            found.extend(gather(group, need.start, need.end, need.kind))
        return found

    def portions(self, need: Need, most: int) -> list[Later]:
        """The same, of about so many samples at a time, each fetched when it is its turn."""
        return list(portions(self._selections.groups(need.matchers), need, self._state.catalog, most))

    def weight(self, need: Need) -> int:
        """About how many samples `select` would give."""
        return weigh(self._selections.groups(need.matchers), need.start, need.end)

    def glance(self, need: Need) -> Size | None:
        """How much `select` would give, about, where that is known at once: where no series need be looked for."""
        found = self._selections.known(need.matchers)
        if found is None:
            return None
        samples = found.series if need.kind is Kind.NEWEST else weigh(found.groups, need.start, need.end)
        return Size(found.series, len(found.groups), samples)

    def find(self, matchers: Sequence[Matcher], start: int, end: int) -> IntArray:
        """The numbers of the series that match and have lived at some time between `start` and `end`, ascending."""
        return self._alive(matchers, start, end)

    def labels_of(self, refs: IntArray) -> list[Labels]:
        """What these numbers mean."""
        return self._state.catalog.labels_of(refs.tolist())

    def read(self, refs: IntArray, start: int, end: int, kind: Kind) -> list[Selected]:
        """The samples of the series with these numbers, which ascend."""
        groups = self._selections.grouped(refs)
        return [found for group in groups for found in gather(group, start, end, kind)]

    def series(self, matchers: Sequence[Matcher], start: int, end: int) -> list[Labels]:
        """The series that match and have lived at some time between `start` and `end`, sorted."""
        labels = self._state.catalog.labels
        return sorted(labels[ref] for ref in self._alive(matchers, start, end).tolist())

    def label_names(self, matchers: Sequence[Matcher] | None, start: int, end: int) -> list[str]:
        """The label names of all series, or of those that match, sorted."""
        if matchers is None:
            return sorted(self._state.index.names()) if self._overlaps(start, end) else []
        labels = self._state.catalog.labels
        return sorted({name for ref in self._alive(matchers, start, end).tolist() for name, _ in labels[ref]})

    def label_values(self, name: str, matchers: Sequence[Matcher] | None, start: int, end: int) -> list[str]:
        """The values of a label in all series, or in those that match, sorted."""
        if matchers is None:
            return sorted(self._state.index.values(name)) if self._overlaps(start, end) else []
        labels = self._state.catalog.labels
        return sorted({labels[ref].get(name) for ref in self._alive(matchers, start, end).tolist()} - {""})

    def delete(self, selectors: Iterable[Sequence[Matcher]], start: int, end: int) -> None:
        """Delete the samples with start <= t <= end of the series that match one of the selectors.

        It takes effect at once, and survives; the bytes go when `clean_tombstones` is called, or with retention.
        What is appended later is not touched, whatever its time. Raises DiskFullError, and then nothing is deleted.
        """
        found = [self._alive(matchers, start, end) for matchers in selectors]
        if found:
            self._deleting.delete(np.unique(np.concatenate(found)), start, end)

    def clean_tombstones(self) -> None:
        """Write what has deleted samples anew without them. Raises DiskFullError."""
        self._cleaning.clean()

    def snapshot(self, to: Path, *, with_open: bool = True) -> None:
        """Copy the store, as it is after one commit, into a folder that is made, for `Store.open` to open.

        Without `with_open` it has only what files of parts hold already. Raises StoreError where the store keeps
        nothing on disk, DiskFullError where there is no room.
        """
        if self._folder is None:
            raise StoreError("the store is kept in memory alone: name a folder with --data-dir to take snapshots")
        self._snapshots.take(self._folder, to, with_open=with_open)

    def stats(self, limit: int = TOP) -> StoreStats:
        """Size, and the largest labels, so many of each kind."""
        size, labels = self.size, label_tables(self._state.index, limit)
        return StoreStats(
            size.series,
            size.parts,
            size.min_time,
            size.max_time,
            size.bytes_stored,
            size.log_segment,
            labels,
            self.totals,
        )

    def set_retention(self, retention_ms: int, retention_bytes: int) -> None:
        """Keep samples for so long, and so many bytes, from the next turn of maintenance on; 0 is without end."""
        kept = replace_fields(self.options, retention_ms=retention_ms, retention_bytes=retention_bytes)
        self.options = self._maintenance.options = kept

    def set_window(self, window_ms: int) -> None:
        """Take samples that come late by so much, from now on; 0 takes none."""
        self.options = self._maintenance.options = replace_fields(self.options, window_ms=window_ms)

    def set_max_exemplars(self, most: int) -> None:
        """Keep so many of them from now on; 0 keeps none."""
        self.exemplars.resize(most)

    @property
    def deletions(self) -> tuple[Deletion, ...]:
        """Those whose samples are still on disk."""
        return self._state.tombstones.deletions

    @property
    def size(self) -> StoreSize:
        """How much there is; cheap enough to be asked at each scrape."""
        state = self._state
        return StoreSize(
            series=len(state.index),
            parts=sum(source.view.count for source in state.all_sources()),
            min_time=0 if state.oldest == NEVER else state.oldest,
            max_time=0 if state.newest == NEVER else state.newest,
            bytes_stored=self._maintenance.size(),
            log_segment=self._log.segment,
        )

    @property
    def counts(self) -> StoreCounts:
        """What was done since the store was opened."""
        return self._maintenance.counts()

    def maintain(self, now_ms: int) -> Maintained:
        """One turn of upkeep (see `engine.tsdb.upkeep.maintenance`): call it every few seconds, best in a worker."""
        done = self._maintenance.run(now_ms)
        if done.problem:
            log.error("%s", done.problem)
        return done

    def compact(self) -> str:
        """All the compaction that is due, at once; why it could not be done, if so. `maintain` does it bit by bit."""
        return self._maintenance.compact()

    def _bounds(self) -> Bounds:
        """How old a sample may be, as of now."""
        return Bounds.of(self._state.newest, self.options)

    def _commit(self, source: Source, commit: Commit) -> None:
        self._write(source, commit)
        for feed in self._feeds:
            feed.note(self._state.next_commit, self._log.segment, commit)
        with self._lock:
            self._state.apply(source, commit, self._state.next_commit, self._log.segment)

    def _write(self, source: Source, commit: Commit) -> None:
        """Log a commit, and before it the names that are not logged yet."""
        self._name(source)
        self._log.write(self._state.next_commit, source.number, commit)

    def _name(self, source: Source) -> None:
        """Log the names of new columns."""
        refs = source.refs
        if source.saved < len(refs):
            new = refs[source.saved :].tolist()
            self._names.write(Named(source.number, source.key, new, self._state.catalog.labels_of(new)))
            source.saved = len(refs)

    def _alive(self, matchers: Sequence[Matcher], start: int, end: int) -> IntArray:
        refs = self._selections.matching.find(matchers)
        catalog = self._state.catalog
        return refs[(catalog.ends(refs) >= start) & (catalog.first.array[refs] <= end)]

    def _overlaps(self, start: int, end: int) -> bool:
        state = self._state
        return state.newest != NEVER and state.oldest <= end and start <= state.newest

    def _held(self, refs: IntArray, times: IntArray) -> BoolArray:
        """Which samples, told by series and time, are there."""
        return held(self._selections.grouped(np.unique(refs)), refs, times)

    def _recall(self, ref: int, time: int) -> float:
        """The stored value of a series at the time of one of its samples."""
        (group,) = self._selections.grouped(np.array([ref], np.int64))
        for one in gather(group, time, time, Kind.INSTANT):
            return float(one.values.flat[0])
        return recall_deleted(group, time)


def _check_format(folder: Path) -> None:
    path = folder / "format"
    if not path.exists():
        replace(path, FORMAT)
    elif (found := path.read_bytes()) != FORMAT:
        raise FormatError(f"{path}: {found[:60]!r}, but this release writes {FORMAT!r}: use the other release")
