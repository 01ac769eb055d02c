"""A copy of the store, as of one commit, that opens like the store itself.

Law: files of parts never change, so the copy shares their bytes by hard links (it copies them where the file system
has none); names and deletions are copied. It has no log: what is open is sealed and stored first, or left out. The copy
is made beside its place and renamed, so it is whole or not there.
"""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Iterable
from pathlib import Path

from engine.foundation.errors import DiskError, DiskFullError
from engine.foundation.files import BESIDE, NO_ROOM, replace, sync_folder
from engine.tsdb.log.serieslog import NoSeriesLog, SeriesLog
from engine.tsdb.log.tombstones import Tombstones
from engine.tsdb.state import State
from engine.tsdb.upkeep.maintenance import Maintenance


class Snapshots:
    """Makes them, in any thread."""

    def __init__(
        self, state: State, names: SeriesLog | NoSeriesLog, lock: threading.Lock, maintenance: Maintenance
    ) -> None:
        self._state = state
        self._names = names
        self._lock = lock
        self._maintenance = maintenance

    def take(self, store: Path, to: Path, *, with_open: bool) -> None:
        """Copy the store in the folder `store` to `to`, which is made. Raises DiskFullError, DiskError."""
        beside = to.with_name(to.name + BESIDE)
        try:
            with self._maintenance.exclusive():
                names = self._seal(with_open=with_open)
                self._copy(store, beside, names)
            beside.rename(to)
            sync_folder(to.parent)
        except OSError as error:
            shutil.rmtree(beside, ignore_errors=True)
            kind = DiskFullError if error.errno in NO_ROOM else DiskError
            raise kind(f"{to}: can't write the snapshot ({error.strerror}): nothing is left of it") from error

    def _seal(self, *, with_open: bool) -> int:
        """Bring what is open into files, if it is wanted; how many bytes of names belong to it."""
        with self._lock:
            names = self._names.size()
            if not with_open:
                return names
            for source in self._state.all_sources():
                if source.open_since() is not None:
                    source.seal()
            waiting = self._maintenance.unstored()
        self._maintenance.store(waiting)
        return names

    def _copy(self, store: Path, to: Path, names: int) -> None:
        (to / "parts").mkdir(parents=True)
        replace(to / "format", (store / "format").read_bytes())
        with (store / "series.log").open("rb") as log:
            replace(to / "series.log", log.read(names))
        _link((Path(file.name) for file in self._state.files), to / "parts")
        Tombstones(to / "tombstones").keep(self._state.tombstones.deletions, {})
        sync_folder(to)
        sync_folder(to.parent)


def _link(files: Iterable[Path], to: Path) -> None:
    for file in files:
        try:
            os.link(file, to / file.name)
        except OSError:  # no hard links here, or too many of them
            replace(to / file.name, file.read_bytes())
    sync_folder(to)
