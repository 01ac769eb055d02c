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
import stat
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import msgspec
from msgspec import Struct, field
from msgspec.structs import replace

from engine.dashboards.json import Json, text
from engine.dashboards.model import Board, board, slug
from engine.dashboards.provision import Shelved
from engine.dashboards.rewriting import rewritten
from engine.foundation import files
from engine.foundation.errors import EngineError

_GENERAL: Final = "General"
_SAFE_UID: Final = re.compile(r"[\w-]{1,40}")  # noqa: TID251 - ours, linear
_MAY_WRITE: Final = 0o222
_LONGEST: Final = 80
"""Letters of a new file's name: with three bytes each and `.json.tmp` it is still one that a disk takes."""

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
    def may_save(self) -> bool:
        """As far as can be said without looking into its file."""
        return self.shelf.may_save and self.raw.get("editable") is not False and _is_writable(self.file)

    @property
    def folder_uid(self) -> str:
        return folder_uid(self.shelf, self.folder)

    @property
    def place(self) -> str:
        """Where its file is, as people may read it."""
        return shown(self.file)


def folder_uid(shelf: Shelved, folder: str) -> str:
    if not folder:
        return ""
    return shelf.folder_uid or "F" + hashlib.sha256(folder.encode()).hexdigest()[:13]


def shown(file: Path | str) -> str:
    """The name, also of one that is no UTF-8."""
    return os.fsencode(file).decode(errors="replace")


class Plan(Struct, frozen=True):
    """What a file holds, and what saving would make of it; `known` is None where there is none yet."""

    file: Path
    shelf: Shelved
    known: Entry | None
    before: bytes
    after: bytes

    def difference(self) -> list[dict[str, str]]:
        """Line by line."""
        before, after = (part.decode(errors="replace").splitlines() for part in (self.before, self.after))
        found = []
        for line in difflib.unified_diff(before, after, n=3, lineterm=""):
            if not line.startswith(("---", "+++")):
                kind = line[0] if line[0] in "+-" else " "
                found.append({"kind": kind, "text": line if line.startswith("@@") else line[1:]})
        return found


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
            raise LibraryError(f"{entry.place}: {entry.problem}", 422)
        known = self._boards.get(uid)
        if known is None or known[0] != entry.revision:
            known = self._boards[uid] = (entry.revision, board(entry.raw, uid))
        return known[1]

    def plan(self, given: Mapping[str, Any], folder: str, uid: str = "") -> Plan:
        """What saving would write. `uid` says which dashboard it is, where it is not the one that `given` names.

        Raises LibraryError where it may not be saved.
        """
        title, own = text(given.get("title")).strip(), text(given.get("uid"))
        if not title:
            raise LibraryError("Dashboard title cannot be empty", 400)
        if own and not _SAFE_UID.fullmatch(own):
            raise LibraryError("uid contains illegal characters", 400)
        wanted = uid or own
        known = next((one for one in self._entries.values() if wanted and one.uid == wanted), None)
        if known is None:
            return self._for_new(given, folder)
        if own not in ("", known.uid) and any(one.uid == own for one in self._entries.values()):
            raise LibraryError(f"another dashboard has the uid {own}", 412)
        before = _writable(known, given)
        content = dict(given)
        if own == known.uid and "uid" not in known.raw:
            del content["uid"]  # its file's place stands for it
        if "version" in known.raw:
            content["version"] = max(_number(given.get("version")), _number(known.raw["version"])) + 1
        content.pop("id", None)
        content |= {"id": known.raw["id"]} if "id" in known.raw else {}
        return Plan(
            known.file, known.shelf, known, before, rewritten(before.decode(errors="replace"), content).encode()
        )

    def save(
        self, given: Mapping[str, Any], folder: str, revision: str, *, overwrite: bool = False, uid: str = ""
    ) -> Entry:
        """Write the dashboard into the file that it came from, or a new one. Raises LibraryError."""
        plan = self.plan(given, folder, uid)
        if plan.known is not None:
            _check(plan, given, revision, overwrite=overwrite)
            self._keep_version(plan.known, plan.before)
        target = plan.file.resolve()
        try:
            mode = target.stat().st_mode if target.exists() else None
            files.replace(target, plan.after)
            if mode is not None:
                target.chmod(mode)
        except OSError as error:
            raise LibraryError(f"{shown(plan.file)}: can't be written: {error.strerror}", 500) from None
        log.info("saved a dashboard to %s", shown(plan.file))
        self.look(0.0, at_once=True)
        self._looked = float("-inf")
        return self._entries[plan.file]

    def _keep_version(self, known: Entry, body: bytes) -> None:
        """The file as it was, so that it can be had again; the oldest go. Raises LibraryError."""
        if self._versions is None or self._keep < 1:
            return
        safe = _SAFE_UID.fullmatch(known.uid) is not None  # a file may say anything, `../..` too
        folder = self._versions / (known.uid if safe else _made_up(known.file))
        try:
            folder.mkdir(parents=True, exist_ok=True)
            old = sorted(int(one.stem) for one in folder.glob("*.json") if one.stem.isdecimal())
            kept = [*old, old[-1] + 1 if old else 1]
            files.replace(folder / f"{kept[-1]:06d}.json", body)
            for number in kept[: -self._keep]:
                (folder / f"{number:06d}.json").unlink(missing_ok=True)
        except OSError as error:
            raise LibraryError(f"{folder}: can't keep what the file was before: {error.strerror}", 500) from None

    def _for_new(self, given: Mapping[str, Any], folder: str) -> Plan:
        wanted = [
            one for one in self._shelves if one.may_save and (not folder or folder_uid(one, one.folder) == folder)
        ]
        if not wanted:
            raise LibraryError("there is no folder that dashboards may be saved to: no provider is editable", 400)
        shelf = wanted[0]
        name = slug(text(given.get("title")))[:_LONGEST].strip("-") or "dashboard"
        file = shelf.path / f"{name}.json"
        if os.path.lexists(file):  # also as a link to nothing, which would lead a new file anywhere
            raise LibraryError(f"A dashboard with the same name in the folder already exists: {shown(file)}", 412)
        uid = text(given.get("uid")) or _made_up(file)
        content = {**given, "uid": uid, "version": _number(given.get("version")) + 1}
        return Plan(file, shelf, None, b"", rewritten("", content).encode())

    def _entry(self, file: Path, shelf: Shelved, uids: dict[str, Path]) -> Entry:
        stamp, known = _stamp(file), self._entries.get(file)
        unchanged = known is not None and known.stamp == stamp and known.uid == _uid(known.raw, file)
        read = known if known is not None and unchanged else self._read(file, shelf, stamp, known)
        first = uids.setdefault(read.uid, file)
        if first == file:
            return read
        problem = f"{shown(first)} has the same uid"
        if known is None or known.problem != problem:
            log.warning("%s has the uid %s of %s: it is not shown", read.place, read.uid, shown(first))
        return replace(read, uid=f"{read.uid}-{shown(file.stem)}", problem=problem)

    def _read(self, file: Path, shelf: Shelved, stamp: tuple[int, int], known: Entry | None) -> Entry:
        body, problem, raw = b"", "", dict[str, Any]()
        try:
            body = _bytes(file)
            raw = _content(body)
        except OSError as error:
            problem = f"it can't be read: {error.strerror}"
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            problem = f"it is no JSON: {error}"
        except RecursionError:
            problem = "it is nested too deeply"
        title = text(raw.get("title"))
        if not problem and not title:
            problem = "a dashboard needs a title"
        if not problem and "panels" not in raw and "rows" not in raw and "spec" in raw:
            problem = "it is in the resource format of Grafana 12: export it as classic JSON"
        number = known.number if known is not None else self._next
        self._next += known is None
        inside = shown(file.parent.relative_to(shelf.path))
        folder = (inside if inside != "." else "") if shelf.by_folders else shelf.folder
        tags = raw.get("tags")
        return Entry(
            uid=_uid(raw, file),
            title=title or shown(file.stem),
            tags=tuple(map(str, tags)) if isinstance(tags, list) else (),
            file=file,
            shelf=shelf,
            folder="" if folder == _GENERAL else folder,
            revision=revision_of(body),
            stamp=stamp,
            number=number,
            raw=raw,
            problem=problem,
            body=body,
        )


def _uid(raw: Json, file: Path) -> str:
    return text(raw.get("uid")) or _made_up(file)


def _made_up(file: Path) -> str:
    """A uid for a file that has none."""
    return hashlib.sha256(os.fsencode(file)).hexdigest()[:14]


def _stamp(file: Path) -> tuple[int, int]:
    """Another one after each change; of a link to nothing too."""
    try:
        found = file.stat()
    except OSError:
        return 0, -1
    return found.st_mtime_ns, found.st_size


def _bytes(file: Path) -> bytes:
    """Raises OSError; a pipe would keep all waiting."""
    if not stat.S_ISREG(file.stat().st_mode):
        raise OSError(0, "it is no regular file")
    return file.read_bytes()


def _content(body: bytes) -> Json:
    found = msgspec.json.decode(body)
    inner = found.get("dashboard") if isinstance(found, dict) else None
    if isinstance(inner, dict) and "panels" not in found:
        return inner
    if not isinstance(found, dict):
        raise msgspec.DecodeError("want an object")
    return found


def _writable(known: Entry, given: Mapping[str, Any]) -> bytes:
    """What its file holds at this moment. Raises LibraryError where that must stay."""
    if not known.shelf.may_save:
        raise LibraryError(f"Cannot save provisioned dashboard: {known.shelf.name} says editable: false", 400)
    if known.raw.get("editable") is False and given.get("editable") is not True:
        raise LibraryError(f"{known.place} says editable: false", 400)
    target = known.file.resolve()
    if not target.is_relative_to(known.shelf.path.resolve()):
        raise LibraryError(f"{known.place} leads out of its folder, to {shown(target)}: it is not written", 403)
    try:
        body = _bytes(target)
        if not _is_writable(target):
            raise LibraryError(f"{known.place} is read-only", 403)
        return body
    except OSError as error:
        raise LibraryError(f"{known.place}: can't be read: {error.strerror}", 412) from None


def _is_writable(file: Path) -> bool:
    """By its mode too, which a superuser is not held to."""
    return os.access(file, os.W_OK) and bool(file.stat().st_mode & _MAY_WRITE)


def _check(plan: Plan, given: Mapping[str, Any], revision: str, *, overwrite: bool) -> None:
    """Raises LibraryError where the file is no longer what was edited."""
    saved, version = plan.known.raw.get("version") if plan.known is not None else None, given.get("version")
    changed = revision != revision_of(plan.before) if revision else not overwrite and saved not in (None, version)
    if changed:
        raise LibraryError("The dashboard has been changed by someone else", 412)


def _number(version: Any) -> int:
    return max(version, 0) if isinstance(version, int) else 0


def revision_of(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()[:16]


def _files(folder: Path) -> Iterator[Path]:
    """Those of links to folders too; each folder once, since links may lead in circles."""
    seen = set()
    for root, folders, names in os.walk(folder, followlinks=True):
        place = os.path.realpath(root)
        folders[:] = [] if place in seen else sorted(one for one in folders if not one.startswith("."))
        if place not in seen:
            yield from (Path(root) / name for name in sorted(names) if name.endswith(".json"))
        seen.add(place)
