"""What saving would write, and whether it may.

Laws: nothing is written outside of a provider's folder; what a file holds is read when it is to be changed.
"""

from __future__ import annotations

import difflib
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from msgspec import Struct

from engine.dashboards.files.entry import (
    Entry,
    LibraryError,
    bytes_of,
    folder_uid,
    is_writable,
    made_up,
    revision_of,
    shown,
)
from engine.dashboards.files.library import Library
from engine.dashboards.files.provision import Shelved
from engine.dashboards.files.rewriting import rewritten
from engine.dashboards.json import text
from engine.dashboards.model import slug

SAFE_UID: Final = re.compile(r"[\w-]{1,40}")  # noqa: TID251 - ours, linear
_LONGEST: Final = 80
"""Letters of a new file's name: with three bytes each and `.json.tmp` it is still one that a disk takes."""


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


def plan(library: Library, given: Mapping[str, Any], folder: str, uid: str = "") -> Plan:
    """What saving would write. `uid` says which dashboard it is, where it is not the one that `given` names.

    Raises LibraryError where it may not be saved.
    """
    title, own = text(given.get("title")).strip(), text(given.get("uid"))
    if not title:
        raise LibraryError("Dashboard title cannot be empty", 400)
    if own and not SAFE_UID.fullmatch(own):
        raise LibraryError("uid contains illegal characters", 400)
    wanted = uid or own
    entries = library.entries
    known = next((one for one in entries if wanted and one.uid == wanted), None)
    if known is None:
        return _for_new(library, given, folder)
    if own not in ("", known.uid) and any(one.uid == own for one in entries):
        raise LibraryError(f"another dashboard has the uid {own}", 412)
    before = _writable(known, given)
    content = dict(given)
    if own == known.uid and "uid" not in known.raw:
        del content["uid"]  # its file's place stands for it
    if "version" in known.raw:
        content["version"] = max(_number(given.get("version")), _number(known.raw["version"])) + 1
    content.pop("id", None)
    content |= {"id": known.raw["id"]} if "id" in known.raw else {}
    return Plan(known.file, known.shelf, known, before, rewritten(before.decode(errors="replace"), content).encode())


def check(plan: Plan, given: Mapping[str, Any], revision: str, *, overwrite: bool) -> None:
    """Raises LibraryError where the file is no longer what was edited."""
    now = revision_of(plan.before)
    if revision:
        changed = revision != now
    else:
        changed = not overwrite and plan.known is not None and _is_other(plan.known, now, given.get("version"))
    if changed:
        raise LibraryError("The dashboard has been changed by someone else", 412)


def _is_other(known: Entry, now: str, version: Any) -> bool:
    """Whether the file holds what nobody can have seen who names no revision, but this version."""
    return known.revision != now or known.raw.get("version") not in (None, version)


def _for_new(library: Library, given: Mapping[str, Any], folder: str) -> Plan:
    wanted = [one for one in library.shelves if one.may_save and (not folder or folder_uid(one, one.folder) == folder)]
    if not wanted:
        raise LibraryError("there is no folder that dashboards may be saved to: no provider is editable", 400)
    shelf = wanted[0]
    name = slug(text(given.get("title")))[:_LONGEST].strip("-") or "dashboard"
    file = shelf.path / f"{name}.json"
    if os.path.lexists(file):  # also as a link to nothing, which would lead a new file anywhere
        raise LibraryError(f"A dashboard with the same name in the folder already exists: {shown(file)}", 412)
    uid = text(given.get("uid")) or made_up(file)
    content = {**given, "uid": uid, "version": _number(given.get("version")) + 1}
    return Plan(file, shelf, None, b"", rewritten("", content).encode())


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
        body = bytes_of(target)
        if not is_writable(target):
            raise LibraryError(f"{known.place} is read-only", 403)
        return body
    except OSError as error:
        raise LibraryError(f"{known.place}: can't be read: {error.strerror}", 412) from None


def _number(version: Any) -> int:
    return max(version, 0) if isinstance(version, int) else 0
