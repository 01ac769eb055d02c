"""`| json label="path"`: single values, by paths such as `a.b`, `a["b"]`, `a[0]`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final, TypeAlias

import msgspec

from engine.logql.pipeline import json_scan
from engine.logql.pipeline.json_fields import KIND
from engine.logql.pipeline.row import Row, Step, Wanted
from engine.logql.syntax.ast import Extraction

Path: TypeAlias = tuple[str | int, ...]

_PIECE: Final = re.compile(  # noqa: TID251 - ours, linear
    r'(?P<dot>\.)?(?:(?P<name>[A-Za-z_][A-Za-z0-9_-]*)|\[(?:"(?P<key>(?:[^"\\]|\\.)*)"|(?P<index>[0-9]{1,9}))\])'
)


def path_of(text: str) -> Path:
    """Raises ValueError for what is no path."""
    pieces: list[str | int] = []
    end = 0
    while end < len(text):
        found = _PIECE.match(text, end)
        if found is None or _misplaced(found, first=end == 0):
            raise ValueError(f'cannot parse expression "{text}" at {end + 1}: want names, ["keys"] and [numbers]')
        if found["index"] is not None:
            pieces.append(int(found["index"]))
        elif found["key"] is not None:
            pieces.append(msgspec.json.decode(f'"{found["key"]}"', type=str) if "\\" in found["key"] else found["key"])
        else:
            pieces.append(found["name"])
        end = found.end()
    if not pieces:
        raise ValueError("an expression of json must not be empty")
    return tuple(pieces)


def _misplaced(found: re.Match[str], *, first: bool) -> bool:
    """Names follow a dot, but for the first; brackets never do."""
    return (found["dot"] is not None) is (first or found["name"] is None)


def picked_values(extractions: Sequence[Extraction], wanted: Wanted) -> Step:
    """A step that sets the label of each path; to nothing where there is no value. Raises ValueError."""
    paths = [(one.label, path_of(one.path)) for one in extractions]
    if wanted.nothing:
        return lambda _row: True
    taken = [(label, path) for label, path in paths if wanted.takes(label)]
    decode = msgspec.json.Decoder(msgspec.Raw).decode

    def step(row: Row) -> bool:
        try:
            whole = bytes(decode(row.line))
        except json_scan.REFUSED:
            row.fail(KIND)
            return True
        for label, path in taken:
            row.put(label, _value(whole, path))
        return True

    return step


_OBJECT: Final = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode
_ARRAY: Final = msgspec.json.Decoder(list[msgspec.Raw]).decode


def _value(raw: bytes, path: Path) -> str:
    for piece in path:
        if isinstance(piece, int):
            items = _ARRAY(raw) if raw[:1] == b"[" else []
            if piece >= len(items):
                return ""
            raw = bytes(items[piece])
        else:
            fields = _OBJECT(raw) if raw[:1] == b"{" else {}
            if piece not in fields:
                return ""
            raw = bytes(fields[piece])
    if raw[:1] == b'"':
        text: str = msgspec.json.decode(raw) if b"\\" in raw else raw[1:-1].decode("utf-8", "replace")
        return text
    return "" if raw == b"null" else raw.decode("utf-8", "replace")
