"""What has to be done now and then: sync, seal what is old, store what is sealed, shorten the log, forget, compact.

Laws:
- Names are synced before samples that use them, and both before a part that relies on them.
- A log segment goes when all its commits are in files of parts; parts go a whole file at a time, oldest first.
- A turn that finds the disk full changes nothing but what it has finished, and says so; the next turn tries again.
- Encoding, writing and syncing happen on views, outside the store's lock; only the exchange of parts is inside.
"""

from __future__ import annotations

import math
import os
import threading
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Final

import numpy as np
from msgspec import Struct

from engine.foundation.errors import DiskError, DiskFullError
from engine.foundation.files import NO_ROOM
from engine.names.numbers import NEVER
from engine.tsdb.files.cache import ArrayCache
from engine.tsdb.files.partfile import PartFile
from engine.tsdb.files.partwrite import write_parts
from engine.tsdb.log.feed import Feed
from engine.tsdb.log.serieslog import NoSeriesLog, SeriesLog
from engine.tsdb.log.wal import Log
from engine.tsdb.options import StoreOptions
from engine.tsdb.source import Source
from engine.tsdb.state import State
from engine.tsdb.stats import StoreCounts
from engine.tsdb.upkeep.compaction import Compaction
from engine.tsdb.upkeep.partfolder import PartFolder
from engine.tsdb.view import Part
from promql.model.types import IntArray

_SAMPLES_A_TURN: Final = 2_000_000
"""A tenth of a second of compaction, so that the log is synced in time; 100,000 series bring a sixtieth meanwhile."""
_NOBODY: Final = np.empty(0, np.int64)


class Maintained(Struct, frozen=True):
    """What a turn did; `problem` says in one line why it could not do all."""

    stored_parts: int = 0
    compactions: int = 0
    problem: str = ""


class Maintenance:
    """Runs in any thread, one turn at a time."""

    def __init__(
        self,
        state: State,
        options: StoreOptions,
        lock: threading.Lock,
        logs: tuple[SeriesLog | NoSeriesLog, Log],
        files: tuple[Path | None, ArrayCache],
    ) -> None:
        self._state = state
        self.options = options
        """May be replaced at any time; a new retention holds from the next turn on."""
        self.feeds: tuple[Feed, ...] = ()
        """Whoever takes commits elsewhere; the log is kept until they have them."""
        self._lock = lock
        self._names, self._log = logs
        self._folder, cache = files
        self._parts = PartFolder(state, self._folder, cache)
        self._compaction = Compaction(state, lock, self._parts, self.keep_floors)
        self._turn = threading.Lock()
        self._log_from = 0
        state.tombstones.floors_since = self._log.segment
        self._now = 0
        self._synced_at = NEVER
        self._retentions = Counter[str]()

    def run(self, now_ms: int) -> Maintained:
        """One turn; a second one at the same time does nothing."""
        if not self._turn.acquire(blocking=False):
            return Maintained()
        try:
            return self._run(now_ms)
        finally:
            self._turn.release()

    @contextmanager
    def exclusive(self) -> Iterator[None]:
        """No turn runs while the block does."""
        with self._turn:
            yield

    def unstored(self) -> list[tuple[Source, list[Part]]]:
        """The parts that no file holds yet, by source."""
        waiting = [(source, source.unstored()) for source in self._state.all_sources()]
        return [(source, parts) for source, parts in waiting if parts]

    def store(self, waiting: Sequence[tuple[Source, list[Part]]]) -> int:
        """Put parts into a file and show them from there; only inside a turn. Raises DiskFullError, DiskError."""
        with self._writing("to store sealed samples", "they stay in the log"):
            return self._store(waiting)

    def rewrite(self, file: PartFile) -> None:
        """Write a file of parts anew, without what was deleted; only inside a turn.

        Raises DiskFullError, DiskError, DamagedError; the file stays as it is then.
        """
        with self._writing("to write a file of parts anew", "it stays as it is"):
            self._compaction.rewrite(file)

    def sync(self) -> None:
        """Make all that is logged survive a power cut. Raises DiskError."""
        with self._lock, ExitStack() as closing:
            handles = [*self._names.handles(), *self._log.handles()]
            for handle in handles:
                closing.callback(os.close, handle)
            later = closing.pop_all()
        with later:
            try:
                for handle in handles:
                    os.fsync(handle)
            except OSError as error:
                raise DiskError(f"{self._folder}: can't sync the log ({error.strerror}): check the disk") from error

    def close(self) -> None:
        """Wait for the turn that runs, sync, and run no more."""
        self._turn.acquire()
        self._compaction.stop()
        self.sync()

    def compact(self) -> str:
        """All the compaction that is due, at once; why it could not be done, if so. Waits for the turn that runs."""
        with self._turn:
            return self._compact(math.inf)

    def size(self) -> int:
        """Bytes of names, log, parts and deletions."""
        state = self._state
        return self._names.size() + self._log.size() + sum(file.size for file in state.files) + state.tombstones.size()

    def counts(self) -> StoreCounts:
        """What was done so far."""
        state, index = self._state, self._state.index
        return StoreCounts(
            files=len(state.files),
            series_created=len(index) + index.removed,
            series_removed=index.removed,
            compactions=self._compaction.finished,
            time_retentions=self._retentions["time"],
            size_retentions=self._retentions["size"],
        )

    def _run(self, now_ms: int) -> Maintained:
        stored, problem, compactions = 0, "", self._compaction.finished
        self._now = now_ms
        self._state.catalog.graves.look(now_ms)
        if now_ms - self._synced_at >= self.options.sync_ms:
            self.sync()
            self._synced_at = now_ms
        self._seal_old()
        try:
            stored = self.store(self.unstored())
        except DiskFullError as error:
            problem = str(error)
        self._shorten_log()
        self._drop(self._outlived())
        problem = problem or self._compact(_SAMPLES_A_TURN)
        return Maintained(stored, self._compaction.finished - compactions, problem=problem)

    def _compact(self, samples: float) -> str:
        """Compact for about so many samples; the problem that there was."""
        try:
            with self._writing("to compact", "the files stay as they are"):
                self._compaction.work(samples, self.options.retention_ms)
            self.forget_deletions()
        except DiskFullError as error:
            return str(error)
        return ""

    def _seal_old(self) -> None:
        limit = self._state.newest - self.options.seal_age_ms
        for source in self._state.all_sources():
            with self._lock:
                since = source.aging_since()
                if since is not None and since < limit:
                    source.seal()

    def _store(self, waiting: Sequence[tuple[Source, list[Part]]]) -> int:
        if not waiting:
            return 0
        self.sync()
        with self._parts.new() as new:
            write_parts(new.file, [(part, source.refs) for source, parts in waiting for part in parts])
        file = new.opened()
        fresh: dict[int, list[Part]] = {}
        for part in file.parts():
            fresh.setdefault(part.source, []).append(part)
        self._state.files = (*self._state.files, file)
        for source, parts in waiting:
            with self._lock:
                source.exchange(parts, fresh[source.number])
        return sum(len(parts) for _, parts in waiting)

    @contextmanager
    def _writing(self, what: str, consequence: str) -> Iterator[None]:
        """Put what the disk says into words."""
        try:
            yield
        except OSError as error:
            if error.errno in NO_ROOM:
                raise DiskFullError(f"{self._folder}: no room {what} ({error.strerror}): {consequence}") from error
            raise DiskError(f"{self._folder}: no way {what} ({error.strerror}): check the disk") from error

    def _shorten_log(self) -> None:
        with self._lock:
            needed = self._log.segment
            for source in self._state.all_sources():
                if source.logged_from is not None:
                    needed = min(needed, source.logged_from)
                for part in source.unstored()[:1]:
                    needed = min(needed, needed if part.segment is None else part.segment)
            if self.feeds:
                needed = min(needed, self._held())
            self._log.drop_before(needed)
            self._log_from = needed

    def _held(self) -> int:
        """The oldest segment that somebody still reads, so long as that is not too much: samples come first."""
        wanted = min(feed.position.segment for feed in self.feeds)
        most, kept = self.options.held_bytes, self.options.retention_bytes
        return max(wanted, self._log.oldest_within(min(most, kept // 2) if kept else most))

    def _outlived(self) -> list[PartFile]:
        """The files that retention gives up, oldest first."""
        files = sorted(self._state.files, key=lambda file: file.end)
        options = self.options
        cutoff = self._state.newest - options.retention_ms if options.retention_ms else NEVER
        gone = [file for file in files if file.end < cutoff]
        by_time = len(gone)
        if options.retention_bytes:
            excess = self.size() - options.retention_bytes - sum(file.size for file in gone)
            for file in files[len(gone) :]:
                if excess <= 0:
                    break
                gone.append(file)
                excess -= file.size
        self._retentions["time"] += by_time > 0
        self._retentions["size"] += len(gone) > by_time
        return gone

    def _drop(self, gone: Sequence[PartFile]) -> None:
        if not gone:
            return
        keys = {file.key for file in gone}
        losing = [s for s in self._state.all_sources() if any(part.file in keys for part in s.view.parts)]
        with suppress(DiskFullError):  # dropping makes room, and what replay would bring back is dropped again
            self.keep_floors({s.number: [part.through for part in s.stored() if part.file not in keys] for s in losing})
        for source in losing:
            with self._lock:
                source.replace_parts(tuple(part for part in source.view.parts if part.file not in keys))
                self._forget(self._emptied(source))
                source.losses += 1
        self._state.files = tuple(file for file in self._state.files if file.key not in keys)
        self._state.find_oldest()
        for file in gone:
            self._parts.remove(file)

    def _emptied(self, source: Source) -> IntArray:
        """The series of a source whose last sample is older than all that their sources still have."""
        catalog, refs = self._state.catalog, source.refs
        last, first = catalog.ends(refs), source.first_time()
        known = catalog.last.array[refs] != NEVER
        old = refs[known & (last < first)] if first is not None else refs[known]
        return np.unique([ref for ref in old.tolist() if not self._lives_elsewhere(ref)]).astype(np.int64)

    def _lives_elsewhere(self, ref: int) -> bool:
        catalog = self._state.catalog
        if ref not in catalog.sharers:
            return False
        owners = [int(catalog.owner.array[ref]), *(source for source, _ in catalog.sharers[ref])]
        firsts = [self._state.by_number[owner].first_time() for owner in owners]
        (end,) = catalog.ends(np.array([ref])).tolist()
        return any(first is not None and first <= end for first in firsts)

    def _forget(self, refs: IntArray) -> None:
        catalog = self._state.catalog
        living = refs[catalog.first.array[refs] != NEVER].tolist()  # the others were deleted
        if living:
            self._state.index.remove(living, catalog.labels_of(living))
        if len(refs):
            catalog.forget(refs)
            catalog.graves.add(refs.tolist(), self._now)

    def keep_floors(self, left: Mapping[int, Sequence[int]]) -> None:
        """To be called before sources, by number, are left with stored parts up to these commits: replay must not bring
        back what others held. Raises DiskFullError.

        Parts that no file holds yet say nothing here: they are gone when the process is killed.
        """
        lost, floors = {}, self._state.tombstones.floors
        for number, throughs in left.items():
            stored = max((part.through for part in self._state.by_number[number].stored()), default=-1)
            if stored > max(*throughs, floors.get(number, -1), -1):
                lost[number] = stored
        if lost and self._folder is not None:
            self._state.tombstones.add_floors(lost, self._log.segment)

    def forget_deletions(self) -> None:
        """Let go of deletions that no part is seen through, and of floors under the log; only inside a turn.

        Raises DiskFullError, DiskError.
        """
        state, tombstones = self._state, self._state.tombstones
        if not tombstones.deletions and not tombstones.floors:
            return
        held = {id(one) for source in state.all_sources() for part in source.view.parts for one in part.deletions}
        kept = [one for one in tombstones.deletions if id(one) in held]
        floors = tombstones.floors if self._log_from <= tombstones.floors_since else {}
        if len(kept) < len(tombstones.deletions) or len(floors) < len(tombstones.floors):
            with self._writing("to forget what was deleted", "it stays in force"):
                self._parts.sync()  # a removed file that came back would bring back what was deleted
                tombstones.keep(kept, floors)
            with self._lock:
                state.catalog.lower_marks(np.concatenate([_NOBODY, *(one.refs for one in kept)]))
