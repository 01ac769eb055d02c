"""`| unpack`: what Promtail's `pack` stage put together; the line of before is in the field `_entry`."""

from __future__ import annotations

from typing import Final

import msgspec

from engine.logql.pipeline import json_scan
from engine.logql.pipeline.json_fields import KIND, text
from engine.logql.pipeline.row import Row, Step, Wanted, sanitized

_ENTRY: Final = "_entry"
_DECODE: Final = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode


def step_of(wanted: Wanted) -> Step:
    """A step that sets a label for each text of the object, and the line, where the object has an entry."""

    def step(row: Row) -> bool:
        try:
            found = _texts(row.line)
        except json_scan.BrokenError as error:
            row.fail(KIND, str(error))
            return True
        entry = found.pop(_ENTRY, None)
        if entry is not None:
            for name, value in found.items():
                label = sanitized(name)
                if label and wanted.takes(label):
                    row.put(label, value)
            row.line = entry.encode("utf-8", "replace")
        return True

    return step


def _texts(line: bytes) -> dict[str, str]:
    """Fields that are texts. Raises BrokenError."""
    try:
        fields = _DECODE(line)
    except json_scan.REFUSED:
        return _scanned(line)
    raw = {name: bytes(value) for name, value in fields.items()}
    return {name: _entry(value) if name == _ENTRY else text(value) for name, value in raw.items() if value[:1] == b'"'}


def _entry(raw: bytes) -> str:
    value: str = msgspec.json.decode(raw) if b"\\" in raw else raw[1:-1].decode("utf-8", "replace")
    return value


def _scanned(line: bytes) -> dict[str, str]:
    found: dict[str, str] = {}

    def take(path: tuple[str, ...], value: str, quoted: bool) -> None:
        if quoted and len(path) == 1:
            found[path[0]] = value

    json_scan.Scanner(line, take).run()
    return found
