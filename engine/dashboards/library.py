"""Dashboards on disk: the files are the truth. They are looked at again when somebody asks, and an interval has passed.

Laws: a file that can't be read is listed with its problem and hides no other; of two with one uid the first stays, and
the other says so; nothing is written outside of a provider's folder.
"""

from __future__ import annotations

import difflib
import hashlib
import logging
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import msgspec
from msgspec import Struct, field
from msgspec.structs import replace

from engine.dashboards.json import Json, text
from engine.dashboards.model import Board, board, slug
from engine.dashboards.provision import Shelved
from engine.foundation import files
from engine.foundation.errors import EngineError

_GENERAL: Final = "General"
_SAFE_UID: Final = re.compile(r"[\w-]{1,40}")  # noqa: TID251 - ours, linear

log = logging.getLogger(__name__)


class LibraryError(EngineError):
    """It can't be found, or not be saved; `status` is that of the answer."""

    def __init__(self, message: str, status: int = 404) -> None:
        super().__init__(message)
        self.status = status


class Entry(Struct, frozen=True):
    """One dashboard. `problem` says why its file can't be shown; `revision` is of the file's bytes."""

    uid: str
    title: str
    tags: tuple[str, ...]
    file: Path
    shelf: Shelved
    folder: str
    revision: str
    stamp: tuple[int, int]
    number: int
    raw: Json = field(default_factory=dict)
    problem: str = ""
    body: bytes = b""

    @property
    def slug(self) -> str:
        return slug(self.title) or self.uid

    @property
    def url(self) -> str:
        return f"/d/{self.uid}/{self.slug}"

    @property
    def folder_uid(self) -> str:
        return folder_uid(self.shelf, self.folder)


def folder_uid(shelf: Shelved, folder: str) -> str:
    if not folder:
        return ""
    return shelf.folder_uid or "F" + hashlib.sha256(folder.encode()).hexdigest()[:13]


class Library:
    """Owns what was read. `versions` is where saved files' earlier contents go, `keep` how many of them."""

    def __init__(self, shelves: Sequence[Shelved], versions: Path | None = None, keep: int = 20) -> None:
        self._shelves = list(shelves)
        self._versions = versions
        self._keep = keep
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
            raise LibraryError(f"{entry.file}: {entry.problem}", 422)
        known = self._boards.get(uid)
        if known is None or known[0] != entry.revision:
            known = self._boards[uid] = (entry.revision, board(entry.raw, uid))
        return known[1]

    def difference(self, uid: str, given: Mapping[str, Any]) -> list[dict[str, str]]:
        """Line by line, what saving would change."""
        before = self.entry(uid).body.decode(errors="replace").splitlines()
        after = written(given).decode().splitlines()
        found = []
        for line in difflib.unified_diff(before, after, n=3, lineterm=""):
            if not line.startswith(("---", "+++")):
                kind = line[0] if line[0] in "+-" else " "
                found.append({"kind": kind, "text": line if line.startswith("@@") else line[1:]})
        return found

    def save(self, given: Mapping[str, Any], folder: str, revision: str, *, overwrite: bool = False) -> Entry:
        """Write the dashboard into the file that it came from, or a new one. Raises LibraryError."""
        uid = text(given.get("uid"))
        title = text(given.get("title")).strip()
        if not title:
            raise LibraryError("Dashboard title cannot be empty", 400)
        known = next((one for one in self._entries.values() if uid and one.uid == uid), None)
        if known is None:
            file, shelf = self._new_file(title, folder)
            uid = uid or hashlib.sha256(str(file).encode()).hexdigest()[:14]
        else:
            file, shelf = known.file, known.shelf
            self._check(known, given, revision, overwrite=overwrite)
        if not _SAFE_UID.fullmatch(uid):
            raise LibraryError("uid contains illegal characters", 400)
        if not shelf.may_save:
            raise LibraryError(f"Cannot save provisioned dashboard: {shelf.name} says editable: false", 400)
        version = max(int(given.get("version") or 0), 0) + 1
        content = {**given, "uid": uid, "version": version}
        self._keep_version(known)
        try:
            files.replace(file, written(content))
        except OSError as error:
            raise LibraryError(f"{file}: can't be written: {error.strerror}", 500) from None
        log.info("saved the dashboard %s to %s", uid, file)
        self.look(0.0, at_once=True)
        self._looked = float("-inf")
        return self.entry(uid)

    def _check(self, known: Entry, given: Mapping[str, Any], revision: str, *, overwrite: bool) -> None:
        current = hashlib.sha256(known.file.read_bytes()).hexdigest()[:16] if known.file.exists() else ""
        if revision and revision != current:
            raise LibraryError("The dashboard has been changed by someone else", 412)
        saved, version = known.raw.get("version"), given.get("version")
        if not revision and not overwrite and saved is not None and version != saved:
            raise LibraryError("The dashboard has been changed by someone else", 412)

    def _keep_version(self, known: Entry | None) -> None:
        """The file as it was, so that it can be had again; the oldest go."""
        if known is None or self._versions is None or self._keep < 1:
            return
        folder = self._versions / known.uid
        folder.mkdir(parents=True, exist_ok=True)
        old = sorted(folder.glob("*.json"))
        number = int(old[-1].stem) + 1 if old else 1
        files.replace(folder / f"{number:06d}.json", known.body)
        for file in [*old, folder / f"{number:06d}.json"][: -self._keep]:
            file.unlink(missing_ok=True)

    def _new_file(self, title: str, folder: str) -> tuple[Path, Shelved]:
        wanted = [
            one for one in self._shelves if one.may_save and (not folder or folder_uid(one, one.folder) == folder)
        ]
        if not wanted:
            raise LibraryError("there is no folder that dashboards may be saved to: no provider is editable", 400)
        shelf = wanted[0]
        file = shelf.path / f"{slug(title) or 'dashboard'}.json"
        if file.exists():
            raise LibraryError(f"A dashboard with the same name in the folder already exists: {file}", 412)
        return file, shelf

    def _entry(self, file: Path, shelf: Shelved, uids: dict[str, Path]) -> Entry:
        found = file.stat()
        stamp = (found.st_mtime_ns, found.st_size)
        known = self._entries.get(file)
        if known is None or known.stamp != stamp:
            known = self._read(file, shelf, stamp, known)
        first = uids.setdefault(known.uid, file)
        if first != file:
            log.warning("%s has the uid %s of %s: it is not shown", file, known.uid, first)
            return replace(known, uid=f"{known.uid}-{known.file.stem}", problem=f"{first} has the same uid")
        return known

    def _read(self, file: Path, shelf: Shelved, stamp: tuple[int, int], known: Entry | None) -> Entry:
        body, problem, raw = b"", "", dict[str, Any]()
        try:
            body = file.read_bytes()
            raw = _content(body)
        except (OSError, msgspec.DecodeError, UnicodeDecodeError) as error:
            problem = f"it is no JSON: {error}" if isinstance(error, ValueError) else str(error)
        title = text(raw.get("title"))
        if not problem and not title:
            problem = "a dashboard needs a title"
        if not problem and "panels" not in raw and "rows" not in raw and "spec" in raw:
            problem = "it is in the resource format of Grafana 12: export it as classic JSON"
        uid = text(raw.get("uid")) or hashlib.sha256(str(file).encode()).hexdigest()[:14]
        number = known.number if known is not None else self._next
        self._next += known is None
        inside = file.parent.relative_to(shelf.path).as_posix()
        folder = (inside if inside != "." else "") if shelf.by_folders else shelf.folder
        tags = raw.get("tags")
        return Entry(
            uid=uid,
            title=title or file.stem,
            tags=tuple(map(str, tags)) if isinstance(tags, list) else (),
            file=file,
            shelf=shelf,
            folder="" if folder == _GENERAL else folder,
            revision=hashlib.sha256(body).hexdigest()[:16],
            stamp=stamp,
            number=number,
            raw=raw,
            problem=problem,
            body=body,
        )


def _content(body: bytes) -> Json:
    found = msgspec.json.decode(body)
    inner = found.get("dashboard") if isinstance(found, dict) else None
    if isinstance(inner, dict) and "panels" not in found:
        return inner
    if not isinstance(found, dict):
        raise msgspec.DecodeError("want an object")
    return found


def written(given: Mapping[str, Any]) -> bytes:
    """As Grafana's files look."""
    return msgspec.json.format(msgspec.json.encode(given), indent=2) + b"\n"


def _files(folder: Path) -> Iterator[Path]:
    for root, folders, names in os.walk(folder, followlinks=True):
        folders[:] = sorted(one for one in folders if not one.startswith("."))
        yield from (Path(root) / name for name in sorted(names) if name.endswith(".json"))
