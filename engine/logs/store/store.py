"""The store of log lines: a catalog of streams, a log, and files of blobs.

Laws:
- Lines are in the log before they are in the catalog; what was acknowledged is there after a kill.
- Lines are open until they are sealed, all streams' together: the log goes on in a new segment, what was open is
  written to one file, and with that file the older segments of the log have ended. A file that can't be written
  leaves all as it was, and is tried again.
- A line that its stream has at that instant already is not stored again. What is sealed is not looked through for
  that: where blobs overlap, it is found when they are merged.

One appends at a time, which the intake sees to. Upkeep runs in another thread, one at a time; `_lock` is held by each
for as long as a value is exchanged, and never while files of blobs are written.
"""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TypeAlias

from engine.foundation.errors import DamagedError, DiskError, DiskFullError
from engine.foundation.files import FolderLock, sweep
from engine.logs.store.catalog import Catalog
from engine.logs.store.compaction import due
from engine.logs.store.files import Files
from engine.logs.store.head import Run
from engine.logs.store.log import Log
from engine.logs.store.novelty import alone, novel
from engine.logs.store.options import LogOptions
from engine.logs.store.reader import Reader
from engine.logs.store.recovery import Recovery, first_segment, load_blobs, note_positions, replay_into
from engine.logs.store.rewriting import AS_IT_IS, Change, rewritten
from engine.logs.store.sealing import sealed_file, stored_in
from engine.logs.store.segment import Named, Segment
from engine.logs.store.stream import Held, Stored, Stream

log = logging.getLogger(__name__)

Watcher: TypeAlias = Callable[[Named, Run], None]


class LogStore:
    """Lines of all tenants. `recovery` tells what opening found; open lines are `open_bytes` of text; `watchers` are
    told of each run that is new.
    """

    def __init__(self, folder: Path | None, options: LogOptions | None = None) -> None:
        """None keeps nothing. Raises StoreError."""
        self.options = options or LogOptions()
        self.folder = folder
        self._lock = threading.Lock()
        self._upkeep = threading.Lock()
        self._guard: FolderLock | None = None
        self.catalog = Catalog()
        self._positions: dict[str, str] = {}
        self.open_bytes = 0
        self._open_since: int | None = None
        self._sealing: list[Stream] = []
        self.watchers: tuple[Watcher, ...] = ()
        self._spoiled: set[int] = set()
        try:
            self._open()
        except OSError as error:
            where = error.filename or folder
            raise DiskError(
                f"{where}: can't open the store of lines ({error.strerror}): check the disk and whose it is"
            ) from None

    def _open(self) -> None:
        if self.folder is not None:
            self.folder.mkdir(parents=True, exist_ok=True)
            self._guard = FolderLock(self.folder)
            sweep(self.folder)
        self.files = Files(self.folder)
        self.recovery = self._recover()
        self._log = self._begin_log()

    def _recover(self) -> Recovery:
        load_blobs(self.files.segments, self.catalog)
        recovery = Recovery(damages=list(self.files.damages))
        if self.folder is not None:
            for named, run in replay_into(self.folder, first_segment(self.files.segments), self._positions, recovery):
                self._add(self.catalog.stream(named), run, 0)
        for damage in recovery.damages:
            log.warning("%s", damage)
        return recovery

    def _begin_log(self) -> Log | None:
        if self.folder is None:
            return None
        first = first_segment(self.files.segments)
        started = Log(self.folder, max(self.recovery.last_segment + 1, first), self._positions)
        started.drop_before(first)
        return started

    # --- what comes in

    def append(self, runs: Sequence[tuple[Named, Run]], positions: Mapping[str, str], now: int) -> None:
        """Keep lines and positions, whole or not at all; `now` is Unix ns. Raises DiskFullError, DiskError."""
        with self._lock:
            found = [(self.catalog.stream(named), run) for named, run in alone(runs)]
            new = [(stream, left) for stream, run in found if (left := novel(stream, run)) is not None]
            if not new and all(self._positions.get(name, "") == place for name, place in positions.items()):
                return
            if self._log is not None:
                streams = [(stream.number, stream.named) for stream, _ in new]
                self._log.write(streams, [run for _, run in new], positions)
            note_positions(self._positions, positions)
            for stream, run in new:
                self._add(stream, run, now)
            if self._open_since is None and new:
                self._open_since = now

    def _add(self, stream: Stream, run: Run, now: int) -> None:
        stream.take(run, now, self.options.blob_bytes)
        self.catalog.tenants[stream.named.tenant].active[stream.number] = stream
        self.open_bytes += len(run.text)
        for watcher in self.watchers:
            watcher(stream.named, run)

    # --- what goes out

    def positions(self) -> Mapping[str, str]:
        """How far sources were read."""
        with self._lock:
            return dict(self._positions)

    def reader(self, tenant: str) -> Reader:
        """What a query of that tenant reads."""
        return Reader(self.catalog, tenant, self._lock)

    def log_size(self) -> int:
        return 0 if self._log is None else self._log.size

    # --- upkeep

    def maintain(self, now: int) -> None:
        """Sync what was logged; seal what is due. `now` is Unix ns. Raises DiskError."""
        self.sync()
        if self.open_bytes and self._open_since is None:
            self._open_since = now  # from the log
        due = self._open_since is not None and now - self._open_since >= self.options.seal_after_ns
        if due or self._sealing or max(self.open_bytes, self.log_size() // 2) >= self.options.seal_bytes:
            self.seal()

    def settle(self, before: int) -> None:
        """Streams that took their last line before that (Unix ns) are active no more."""
        with self._lock:
            for tenant in self.catalog.tenants.values():
                tenant.settle(before)

    def sync(self) -> None:
        """What was logged so far survives a power cut from now on."""
        with self._lock:
            handle = None if self._log is None else self._log.handle()
        if handle is not None:
            os.fsync(handle)
            os.close(handle)

    def seal(self) -> None:
        """Seal all open lines. Where there is no room for it, they stay in the log and this is said."""
        with self._upkeep:
            try:
                if not self._sealing:
                    self._take_heads()
                if self._sealing:
                    self._write_heads()
            except DiskFullError as error:
                log.warning("lines are not sealed yet: %s", error)

    def _take_heads(self) -> None:
        with self._lock:
            taken = [stream for stream in self.catalog.streams() if stream.held.head is not None]
            if self._log is not None:
                self._log.roll()
            for stream in taken:
                stream.held = Held(stream.held.blobs, stream.held.head, None)
            self._sealing = sorted(taken, key=lambda stream: (stream.named.tenant, stream.named.labels.pairs))
            self.open_bytes = 0
            self._open_since = None

    def _write_heads(self) -> None:
        through = 0 if self._log is None else self._log.number
        segment = sealed_file(self.files, self._sealing, through, self.options.blob_bytes)
        new = stored_in(segment)
        with self._lock:
            self.files.exchange([], [segment])
            for place, stream in enumerate(self._sealing):
                stream.held = Held((*stream.held.blobs, *new.get(place, ())), None, stream.held.head)
            self._sealing = []
        if self._log is not None:
            self._log.drop_before(through)

    def compact(self) -> bool:
        """Make some small files one; whether there was something to do. Raises DiskError."""
        with self._upkeep:
            found = due(self.files.segments, self.options, frozenset(self._spoiled))
            return bool(found) and self._rewrite(found, AS_IT_IS)

    def rewrite(self, wanted: Callable[[Segment], Change | None]) -> bool:
        """Make files anew without what a change leaves out; None leaves a file as it is. Whether all could be.

        Raises DiskError.
        """
        with self._upkeep:
            changes = [(segment, change) for segment in self.files.segments if (change := wanted(segment)) is not None]
            done = [self._rewrite([segment], change) for segment, change in changes]
            return all(done)

    def _rewrite(self, old: Sequence[Segment], change: Change) -> bool:
        try:
            new = rewritten(self.files, old, self.options.blob_bytes, change)
        except DiskFullError as error:
            log.warning("files of lines are not made anew yet: %s", error)
            return False
        except DamagedError as error:
            log.error("files of lines stay as they are: %s", error)  # noqa: TRY400 - its text says all
            self._spoiled.update(segment.number for segment in old)
            return False
        fresh = [] if new is None else [new]
        with self._lock:
            self.files.exchange(old, fresh)
            self._replace_blobs(old, fresh)
        self.files.unlink(old)
        return True

    def _replace_blobs(self, old: Sequence[Segment], new: Sequence[Segment]) -> None:
        """Let streams lead to the blobs of new files in the place of old ones."""
        found: dict[Named, list[Stored]] = {}
        for segment in new:
            for place, some in stored_in(segment).items():
                found.setdefault(segment.streams[place], []).extend(some)
        for named in {named for segment in old for named in segment.streams}:
            stream = self.catalog.find(named)
            if stream is None:
                continue
            left = [one for one in stream.held.blobs if one.segment not in old]
            blobs = sorted([*left, *found.get(named, ())], key=_arrival)
            stream.held = Held(tuple(blobs), stream.held.sealing, stream.held.head)
        self.catalog.sweep()

    def close(self) -> None:
        """What is open stays in the log."""
        with self._upkeep:
            if self._log is not None:
                self._log.close()
            if self._guard is not None:
                self._guard.release()


def _arrival(one: Stored) -> tuple[int, int, int]:
    return one.segment.order, one.segment.number, one.entry.offset
