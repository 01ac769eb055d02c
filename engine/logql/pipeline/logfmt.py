"""`| logfmt`: `key=value`, `key="quoted value"`, `key`.

Reading ends at the first pair that is malformed; what came before it counts. So it is in Loki 2.7, and so it stays:
Loki 3 goes on behind it and leaves out empty values unless told `--strict --keep-empty`, which are accepted and say
here what holds anyway. The form with expressions came later, and does as it does there: malformed pairs only count with
`--strict`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

import msgspec

from engine.logql.pipeline.row import REPLACEMENT, Row, Step, Wanted, sanitized
from engine.logql.syntax.ast import LogfmtStage

KIND: Final = "LogfmtParserErr"
_KEY: Final = re.compile(rb'[^\x00-\x20="]+')  # noqa: TID251 - ours, linear
_BLANK: Final = re.compile(rb"[\x00-\x20]*")  # noqa: TID251 - ours, linear
_QUOTED: Final = re.compile(rb'"((?:[^"\\]|\\.)*+)"', re.DOTALL)  # noqa: TID251 - ours, linear
_NAMES: Final = 4096
"""Keys whose labels are remembered."""


class MalformedError(ValueError):
    """Where, and what is wrong, in Loki's words."""

    def __init__(self, at: int, what: str) -> None:
        super().__init__(f"logfmt syntax error at pos {at + 1} : {what}")


def pairs(line: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Keys and values, unquoted. Raises MalformedError."""
    at, size = 0, len(line)
    while True:
        at = _past(_BLANK, line, at)
        if at >= size:
            return
        key = _KEY.match(line, at)
        if key is None:
            raise _unexpected(line, at)
        at = key.end()
        if at >= size or line[at] <= 0x20:
            yield _valid(key[0], at), b""
        elif line[at] != 0x3D:
            raise _unexpected(line, at)
        else:
            value, at = _value(line, at + 1, _valid(key[0], at))
            yield key[0], value


def _value(line: bytes, at: int, _key: bytes) -> tuple[bytes, int]:
    """The value that begins here, and where it ends."""
    if at >= len(line) or line[at] <= 0x20:
        return b"", at
    if line[at] != 0x22:
        found = _KEY.match(line, at)
        end = at if found is None else found.end()
        if end < len(line) and line[end] > 0x20:
            raise _unexpected(line, end)
        return line[at:end], end
    found = _QUOTED.match(line, at)
    if found is None:
        raise MalformedError(len(line), "unterminated quoted value")
    if b"\\" not in found[1]:
        return found[1], found.end()
    try:
        return msgspec.json.decode(found[0], type=str).encode(), found.end()
    except msgspec.DecodeError:
        raise MalformedError(found.end(), "invalid quoted value") from None


def _valid(key: bytes, at: int) -> bytes:
    if not key.isascii() and REPLACEMENT in key.decode("utf-8", "replace"):
        raise MalformedError(at, "invalid key")
    return key


def _unexpected(line: bytes, at: int) -> MalformedError:
    char = chr(line[at])
    return MalformedError(at, f"unexpected '{char}'")


def _past(pattern: re.Pattern[bytes], line: bytes, at: int) -> int:
    found = pattern.match(line, at)
    return at if found is None else found.end()


def step_of(stage: LogfmtStage, wanted: Wanted) -> Step:
    """A step that sets the labels that are wanted."""
    if wanted.nothing:
        return lambda _row: True
    return _picked(stage, wanted) if stage.extractions else _all(wanted)


def _all(wanted: Wanted) -> Step:
    labels: dict[bytes, str] = {}

    def label_of(key: bytes) -> str:
        name = sanitized(key.decode("utf-8", "replace"))
        label = name if wanted.takes(name) else ""
        if len(labels) < _NAMES:
            labels[key] = label
        return label

    def step(row: Row) -> bool:
        try:
            for key, value in pairs(row.line):
                label = labels.get(key)
                if label is None:
                    label = label_of(key)
                if label:
                    row.put(label, _text(value))
        except MalformedError as error:
            row.fail(KIND, str(error))
        return True

    return step


def _picked(stage: LogfmtStage, wanted: Wanted) -> Step:
    taken = [(one.label, one.path.encode()) for one in stage.extractions if wanted.takes(one.label)]

    def step(row: Row) -> bool:
        found: dict[bytes, bytes] = {}
        try:
            found.update(pairs(row.line))
        except MalformedError as error:
            if stage.strict:
                row.fail(KIND, str(error))
                return True
        for label, key in taken:
            row.put(label, _text(found.get(key, b"")))
        return True

    return step


def _text(value: bytes) -> str:
    """A value that is not quite UTF-8 is empty, as in Loki."""
    text = value.decode("utf-8", "replace")
    return text if REPLACEMENT not in text else ""
