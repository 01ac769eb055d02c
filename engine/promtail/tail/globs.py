"""Doublestar patterns: `*`, `?`, `[a-z]`, `{log,txt}`, and `**` for any depth of folders.

A pattern that names an existing file is that file. Folders that are links are followed, but never into themselves. The
folders that were looked into are told, so that a look at their times says whether a new search can find anything else.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Final

from msgspec import Struct, field

_MAGIC: Final = frozenset("*?[")
_DEEP: Final = "**"
_MOST_BRACES: Final = 1000


class Found(Struct):
    """`files` in order of their names; `folders` are all that were looked into, with when they were changed (ns)."""

    files: list[str] = field(default_factory=list)
    folders: dict[str, int] = field(default_factory=dict)
    closed: list[str] = field(default_factory=list)
    """Folders that may not be read."""

    def is_stale(self) -> bool:
        """Whether one of the folders was changed since."""
        return any(_changed_at(folder) != time for folder, time in self.folders.items())


class Glob:
    """One pattern. Raises ValueError for one that could mean too many."""

    def __init__(self, pattern: str) -> None:
        self.pattern = pattern
        self._patterns = [os.path.normpath(one) for one in braced(pattern)]

    def matches(self, path: str) -> bool:
        return any(_whole(one).fullmatch(path) is not None for one in self._patterns)

    def find(self) -> Found:
        """The files that are there now."""
        found = Found()
        if os.path.isfile(self.pattern):
            found.files.append(self.pattern)
            _note(os.path.dirname(self.pattern) or ".", found)
            return found
        paths: dict[str, None] = {}
        for one in self._patterns:
            first = "/" if one.startswith("/") else ""
            for path in _walk(first, [part for part in one.split("/") if part], found, frozenset()):
                paths[path] = None
        found.files = sorted(paths)
        return found


def braced(pattern: str) -> list[str]:
    """One pattern for each choice of its alternatives."""
    done: list[str] = []
    rest = [pattern]
    while rest:
        one = rest.pop()
        inner = re.search(r"\{([^{}]*)\}", one)
        if inner is None:
            done.append(one)
        else:
            rest += [one[: inner.start()] + choice + one[inner.end() :] for choice in inner[1].split(",")[::-1]]
        if len(done) + len(rest) > _MOST_BRACES:
            raise ValueError(f'the pattern "{pattern}" has too many alternatives')
    return done


def _walk(base: str, parts: Sequence[str], found: Found, above: frozenset[tuple[int, int]]) -> Iterator[str]:
    if not parts:
        if os.path.isfile(base):
            yield base
        return
    part, rest = parts[0], parts[1:]
    if part == _DEEP:
        yield from _deep(base, parts, found, above)
    elif _MAGIC.isdisjoint(part):
        if not rest:
            _note(base or ".", found)
        yield from _walk(_joined(base, part), rest, found, above)
    else:
        wanted = _part(part)
        for entry in _entries(base, found):
            if wanted.fullmatch(entry.name) is None:
                continue
            if rest and _is_folder(entry):
                yield from _walk(_joined(base, entry.name), rest, found, above)
            elif not rest and entry.is_file():
                yield _joined(base, entry.name)


def _deep(base: str, parts: Sequence[str], found: Found, above: frozenset[tuple[int, int]]) -> Iterator[str]:
    """None or more folders; as the last part all files below."""
    rest = parts[1:]
    if rest:
        yield from _walk(base, rest, found, above)
    try:
        stat = os.stat(base or ".")
    except OSError:
        return
    if (here := (stat.st_dev, stat.st_ino)) in above:
        return
    for entry in _entries(base, found):
        if _is_folder(entry):
            yield from _deep(_joined(base, entry.name), parts, found, above | {here})
        elif not rest and entry.is_file():
            yield _joined(base, entry.name)


def _entries(folder: str, found: Found) -> list[os.DirEntry[str]]:
    _note(folder or ".", found)
    try:
        with os.scandir(folder or ".") as entries:
            return list(entries)
    except PermissionError:
        found.closed.append(folder)
    except OSError:
        pass  # gone, or no folder
    return []


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:
        return False


def _note(folder: str, found: Found) -> None:
    if folder not in found.folders:
        found.folders[folder] = _changed_at(folder)


def _changed_at(folder: str) -> int:
    try:
        return os.stat(folder).st_mtime_ns
    except OSError:
        return -1


def _joined(base: str, name: str) -> str:
    return name if not base else f"/{name}" if base == "/" else f"{base}/{name}"


@lru_cache(maxsize=1024)
def _part(pattern: str) -> re.Pattern[str]:
    return re.compile(_translated(pattern), re.DOTALL)  # noqa: TID251 - of stars and classes alone; names are short


@lru_cache(maxsize=256)
def _whole(pattern: str) -> re.Pattern[str]:
    parts = [part for part in pattern.split("/") if part]
    text = "/" if pattern.startswith("/") else ""
    for place, part in enumerate(parts):
        last = place == len(parts) - 1
        if part == _DEEP:
            text += ".*" if last else "(?:[^/]+/)*"
        else:
            text += _translated(part) + ("" if last else "/")
    return re.compile(text, re.DOTALL)  # noqa: TID251 - of stars and classes alone; paths are short


def _translated(part: str) -> str:
    pieces: list[str] = []
    at = 0
    while at < len(part):
        char = part[at]
        end = part.find("]", at + 2) if char == "[" else -1
        if char == "*":
            pieces.append("[^/]*")
        elif char == "?":
            pieces.append("[^/]")
        elif end > 0:
            inner = part[at + 1 : end].replace("\\", "\\\\").replace("[", "\\[")
            pieces.append(f"[^{inner[1:]}/]" if inner[0] in "!^" else f"[{inner}]")
            at = end
        elif char == "\\" and at + 1 < len(part):
            at += 1
            pieces.append(re.escape(part[at]))
        else:
            pieces.append(re.escape(char))
        at += 1
    return "".join(pieces)
