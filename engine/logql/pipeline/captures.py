"""`| regexp` and `| pattern`: labels from places in the line; and the pattern of the line filters `|>` and `!>`."""

from __future__ import annotations

import re
from typing import Any, Final, TypeAlias

from engine.foundation.regexes import Regex
from engine.logql.pipeline.row import Row, Step, Wanted
from promql.model.labels import is_plain_name

_CAPTURE: Final = re.compile(r"<([A-Za-z_][A-Za-z0-9_]*)>")  # noqa: TID251 - ours, linear
_GROUP_NAME: Final = re.compile(r"\(\?P<([^>]*)>")  # noqa: TID251 - ours, linear

Pieces: TypeAlias = tuple[str | bytes, ...]
"""Literals are bytes, captures their names; no two of a kind follow each other."""


def regexp_step(pattern: str, wanted: Wanted) -> Step:
    """A step that sets a label for each named group of the first match. Raises ValueError, RegexError."""
    regex = Regex(pattern, anchored=False)
    groups = regex.groups
    if not groups:
        raise ValueError("at least one named capture must be supplied")
    for name in groups:
        if not is_plain_name(name):
            raise ValueError(f"invalid extracted label name '{name}'")
    twice = next((name for name in groups if _GROUP_NAME.findall(pattern).count(name) > 1), None)
    if twice is not None:
        raise ValueError(f"duplicate extracted label name '{twice}'")
    search = regex.searcher()
    taken = [(name, number) for name, number in groups.items() if wanted.takes(name)]

    def step(row: Row) -> bool:
        found: Any = search(row.line)
        if found is not None:
            for name, number in taken:
                row.put(name, (found.group(number) or b"").decode("utf-8", "replace"))
        return True

    return (lambda _row: True) if wanted.nothing else step


def pieces_of(pattern: str) -> Pieces:
    """Raises ValueError for captures that follow each other."""
    pieces: list[str | bytes] = []
    end = 0
    for found in _CAPTURE.finditer(pattern):
        if found.start() > end:
            pieces.append(pattern[end : found.start()].encode())
        elif pieces:
            raise ValueError(f"found consecutive capture '{found[0]}': invalid expression")
        pieces.append(found[1])
        end = found.end()
    if end < len(pattern):
        pieces.append(pattern[end:].encode())
    return tuple(pieces)


def pattern_step(pattern: str, wanted: Wanted) -> Step:
    """A step that sets a label for each named capture. Raises ValueError."""
    pieces = pieces_of(pattern)
    names = [piece for piece in pieces if isinstance(piece, str) and piece != "_"]
    if not names:
        raise ValueError("at least one capture is required")
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"duplicate capture name ({twice}): invalid expression")
    if wanted.nothing:
        return lambda _row: True
    head = pieces[0] if isinstance(pieces[0], bytes) else b""
    rest = pieces[1:] if head else pieces
    turns = [(str(rest[at]), rest[at + 1] if at + 1 < len(rest) else None) for at in range(0, len(rest), 2)]

    def step(row: Row) -> bool:
        line = row.line
        if not line or not line.startswith(head):
            return True
        at = len(head)
        for name, behind in turns:
            end = line.find(behind, at) if isinstance(behind, bytes) else -1
            value = line[at:end] if end >= 0 else line[at:]
            if name != "_" and wanted.takes(name):
                row.put(name, value.decode("utf-8", "replace"))
            if end < 0 or not isinstance(behind, bytes):
                break
            at = end + len(behind)
        return True

    return step


class LinePattern:
    """The pattern of a line filter: literals, with `<_>` for anything that is not nothing. Raises ValueError."""

    def __init__(self, pattern: str) -> None:
        self._pieces = pieces_of(pattern)
        if any(isinstance(piece, str) and piece != "_" for piece in self._pieces):
            raise ValueError("named captures are not allowed in a line filter: use <_>")
        self.literals = [piece for piece in self._pieces if isinstance(piece, bytes)]

    def matches(self, line: bytes) -> bool:
        """The whole line."""
        pieces = self._pieces
        if not line or not pieces:
            return not line and not pieces
        at = 0
        for number, piece in enumerate(pieces):
            if isinstance(piece, str):
                continue
            found = line.find(piece, at)
            if found < 0 or (number == 0 and found) or (number and found == at):
                return False
            at = found + len(piece)
        return isinstance(pieces[-1], str) is (at < len(line))
