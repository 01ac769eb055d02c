"""One file of a dashboard, as it was read."""

from __future__ import annotations

import hashlib
import os
import stat
from pathlib import Path
from typing import Final

import msgspec
from msgspec import Struct, field

from engine.dashboards.files.provision import Shelved
from engine.dashboards.json import Json, text
from engine.dashboards.model import slug
from engine.foundation.errors import EngineError

_GENERAL: Final = "General"
_MAY_WRITE: Final = 0o222


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
        return self.shelf.may_save and self.raw.get("editable") is not False and is_writable(self.file)

    @property
    def folder_uid(self) -> str:
        return folder_uid(self.shelf, self.folder)

    @property
    def place(self) -> str:
        """Where its file is, as people may read it."""
        return shown(self.file)


def folder_uid(shelf: Shelved, folder: str) -> str:
    """Of a folder of a provider's dashboards."""
    if not folder:
        return ""
    return shelf.folder_uid or "F" + hashlib.sha256(folder.encode()).hexdigest()[:13]


def shown(file: Path | str) -> str:
    """The name, also of one that is no UTF-8."""
    return os.fsencode(file).decode(errors="replace")


def read(file: Path, shelf: Shelved, stamp: tuple[int, int], number: int) -> Entry:
    """What is in it, or why that can't be shown."""
    body, problem, raw = b"", "", Json()
    try:
        body = bytes_of(file)
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
    inside = shown(file.parent.relative_to(shelf.path))
    folder = (inside if inside != "." else "") if shelf.by_folders else shelf.folder
    tags = raw.get("tags")
    return Entry(
        uid=uid_of(raw, file),
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


def uid_of(raw: Json, file: Path) -> str:
    """The one that it names, or one for its place."""
    return text(raw.get("uid")) or made_up(file)


def made_up(file: Path) -> str:
    """A uid for a file that has none."""
    return hashlib.sha256(os.fsencode(file)).hexdigest()[:14]


def stamp_of(file: Path) -> tuple[int, int]:
    """Another one after each change; of a link to nothing too."""
    try:
        found = file.stat()
    except OSError:
        return 0, -1
    return found.st_mtime_ns, found.st_size


def bytes_of(file: Path) -> bytes:
    """All of it. Raises OSError; a pipe would keep all waiting."""
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


def is_writable(file: Path) -> bool:
    """By its mode too, which a superuser is not held to."""
    return os.access(file, os.W_OK) and bool(file.stat().st_mode & _MAY_WRITE)


def revision_of(body: bytes) -> str:
    """Another one for each content."""
    return hashlib.sha256(body).hexdigest()[:16]
