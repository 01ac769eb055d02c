"""Files of parts made fewer, and parts rewritten without what was deleted; a bit in each turn of maintenance.

Laws:
- The new file is written and synced before an old one goes, and tells which files it takes the place of; so whatever
  moment the process is killed in, at the next opening each sample is there once.
- Views that queries hold keep the old parts, whose bytes stay mapped as long.
- Parts of stored files are exchanged in turns of maintenance only, one after the other. Where those of a job were
  exchanged by something else (retention, a deletion) while it ran, it comes to nothing, and is planned anew.
- A file with damage in it is left as it is, and its neighbours do not wait for it.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Generator, Mapping, Sequence

from engine.foundation.errors import DamagedError
from engine.tsdb.files.partfile import PartFile
from engine.tsdb.files.partwrite import PartWriter
from engine.tsdb.source import Source
from engine.tsdb.state import State
from engine.tsdb.upkeep.compactplan import Job, plan
from engine.tsdb.upkeep.merge import write_source
from engine.tsdb.upkeep.partfolder import PartFolder
from engine.tsdb.view import Part

log = logging.getLogger(__name__)

Taken = list[tuple[Source, list[Part]]]
"""Sources with their parts in the files of a job."""


class _NothingError(Exception):
    """There is nothing to write, or it is of no use any more."""


class Compaction:
    """For turns of maintenance: one thread at a time."""

    def __init__(
        self,
        state: State,
        lock: threading.Lock,
        folder: PartFolder,
        keep_floors: Callable[[Mapping[int, Sequence[int]]], None],
    ) -> None:
        self._state = state
        self._lock = lock
        self._folder = folder
        self._keep_floors = keep_floors
        self._running: Generator[int] | None = None
        self._damaged: set[int] = set()
        self.finished = 0
        """So many jobs were finished."""

    def work(self, samples: float, retention_ms: int) -> None:
        """Go on with what is due, for about so many samples. Raises OSError; the job begins anew then."""
        while samples > 0:
            if self._running is None:
                job = plan(self._sound(), self._state.newest, retention_ms)
                if job is None:
                    return
                self._running = self._run(job)
            samples -= self._step()

    def rewrite(self, file: PartFile) -> None:
        """Write a file anew, as its parts are seen: without what was deleted. Raises OSError, DamagedError."""
        self.stop()
        for _ in self._written(Job((file,), file.level), join=False):
            pass

    def stop(self) -> None:
        """Give up what is half done."""
        if self._running is not None:
            self._running.close()
        self._running = None

    def _step(self) -> int:
        assert self._running is not None
        try:
            return next(self._running)
        except StopIteration:
            self._running = None
            return 0
        except BaseException:
            self._running = None
            raise

    def _sound(self) -> list[PartFile]:
        return [file for file in self._state.files if file.key not in self._damaged]

    def _run(self, job: Job[PartFile]) -> Generator[int]:
        for file in job.files:
            yield self._checked(file)
        if not any(file.key in self._damaged for file in job.files):
            yield from self._written(job, job.joins)
            self.finished += 1

    def _written(self, job: Job[PartFile], join: bool) -> Generator[int]:
        taken = self._taken(job)
        try:
            with self._folder.new() as new:
                writer = PartWriter(new.file, job.level, frozenset(file.number for file in job.files))
                for _, parts in taken:
                    yield from write_source(writer, parts, join)
                written = writer.finish()
                if not self._still(job, taken):
                    raise _NothingError
                self._note_floors(writer, taken)
                if not written:
                    raise _NothingError
        except _NothingError:
            if self._still(job, taken):
                self._exchange(job, taken, None)
            return
        self._exchange(job, taken, new.opened())

    def _note_floors(self, writer: PartWriter, taken: Taken) -> None:
        left = {}
        for source, parts in taken:
            gone = set(map(id, parts))
            throughs = [part.through for part in source.stored() if id(part) not in gone]
            left[source.number] = [*throughs, writer.throughs.get(source.number, -1)]
        self._keep_floors(left)

    def _checked(self, file: PartFile) -> int:
        try:
            file.check()
        except DamagedError as error:
            self._damaged.add(file.key)
            log.warning("%s; it is not compacted", error)
        return file.size

    def _taken(self, job: Job[PartFile]) -> Taken:
        keys = {file.key for file in job.files}
        found = [
            (source, [part for part in source.view.parts if part.file in keys]) for source in self._state.all_sources()
        ]
        return [(source, parts) for source, parts in found if parts]

    def _still(self, job: Job[PartFile], taken: Taken) -> bool:
        """Is all as it was when the job began?"""
        return set(job.files) <= set(self._state.files) and [
            (source.number, list(map(id, parts))) for source, parts in self._taken(job)
        ] == [(source.number, list(map(id, parts))) for source, parts in taken]

    def _exchange(self, job: Job[PartFile], taken: Taken, file: PartFile | None) -> None:
        fresh: dict[int, list[Part]] = {}
        for part in file.parts() if file is not None else ():
            fresh.setdefault(part.source, []).append(part)
        for source, parts in taken:
            with self._lock:
                source.exchange(parts, fresh.get(source.number, []))
        kept = tuple(one for one in self._state.files if one not in job.files)
        self._state.files = kept if file is None else (*kept, file)
        for old in job.files:
            self._folder.remove(old)
