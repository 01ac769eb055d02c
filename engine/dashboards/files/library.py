"""Dashboards on disk: the files are the truth. They are looked at again when somebody asks, and an interval has passed.

Laws: a file that can't be read is listed with its problem and hides no other; of two with one uid the first stays, and
the other says so. Entries are replaced by others, never changed, so that workers may read them.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from msgspec.structs import replace

from engine.dashboards.files.entry import Entry, LibraryError, read, shown, stamp_of, uid_of
from engine.dashboards.files.provision import Shelved
from engine.dashboards.model import Board, board

log = logging.getLogger(__name__)


class Library:
    """Owns what was read."""

    def __init__(self, shelves: Sequence[Shelved]) -> None:
        self._shelves = list(shelves)
        self._entries: dict[Path, Entry] = {}
        self._boards: dict[str, tuple[str, Board]] = {}
        self._looked = float("-inf")
        self._next = 1

    @property
    def entries(self) -> list[Entry]:
        """All of them, by folder and title."""
        return sorted(self._entries.values(), key=lambda one: (one.folder, one.title.lower()))

    @property
    def shelves(self) -> Sequence[Shelved]:
        return self._shelves

    def look(self, now: float, *, at_once: bool = False) -> None:
        """Read what has changed, if it is time to; `now` in seconds."""
        every = min((one.seconds for one in self._shelves), default=10.0)
        if not at_once and now - self._looked < every:
            return
        self._looked = now
        found: dict[Path, Entry] = {}
        uids: dict[str, Path] = {}
        for shelf in self._shelves:
            for file in _files(shelf.path):
                if file not in found:
                    found[file] = self._entry(file, shelf, uids)
        for file, entry in self._entries.items():
            if file not in found and entry.shelf.keeps_deleted and entry.uid not in uids:
                found[file] = entry
        self._entries = found

    def look_again(self) -> None:
        """Now, and when somebody asks the next time."""
        self.look(0.0, at_once=True)
        self._looked = float("-inf")

    def at(self, file: Path) -> Entry:
        """Raises LibraryError."""
        found = self._entries.get(file)
        if found is None:
            raise LibraryError("Dashboard not found")
        return found

    def entry(self, uid: str) -> Entry:
        """Raises LibraryError."""
        for one in self._entries.values():
            if one.uid == uid:
                return one
        raise LibraryError("Dashboard not found")

    def board(self, uid: str) -> Board:
        """Raises LibraryError."""
        entry = self.entry(uid)
        if entry.problem:
            raise LibraryError(f"{entry.place}: {entry.problem}", 422)
        known = self._boards.get(uid)
        if known is None or known[0] != entry.revision:
            known = self._boards[uid] = (entry.revision, board(entry.raw, uid))
        return known[1]

    def _entry(self, file: Path, shelf: Shelved, uids: dict[str, Path]) -> Entry:
        stamp, known = stamp_of(file), self._entries.get(file)
        if known is not None and known.stamp == stamp and known.uid == uid_of(known.raw, file):
            found = known
        else:
            found = read(file, shelf, stamp, self._next if known is None else known.number)
            self._next += known is None
        first = uids.setdefault(found.uid, file)
        if first == file:
            return found
        problem = f"{shown(first)} has the same uid"
        if known is None or known.problem != problem:
            log.warning("%s has the uid %s of %s: it is not shown", found.place, found.uid, shown(first))
        return replace(found, uid=f"{found.uid}-{shown(file.stem)}", problem=problem)


def _files(folder: Path) -> Iterator[Path]:
    """Those of links to folders too; each folder once, since links may lead in circles."""
    seen = set()
    for root, folders, names in os.walk(folder, followlinks=True):
        place = os.path.realpath(root)
        folders[:] = [] if place in seen else sorted(one for one in folders if not one.startswith("."))
        if place not in seen:
            yield from (Path(root) / name for name in sorted(names) if name.endswith(".json"))
        seen.add(place)
