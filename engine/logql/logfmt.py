"""Pairs of logfmt, for queries and pipelines: `key=value`, `key="quoted value"`, `key`.

Reading ends at the first pair that is malformed; what came before it counts.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

import msgspec

_PLAIN: Final = re.compile(  # noqa: TID251 - ours, linear
    rb"""[\x00-\x20]*+([^\x00-\x20="]++)(?:=(?:"([^"\\]*+)"|([^\x00-\x20="]*+)))?+(?=[\x00-\x20]|\Z)"""
)
"""A pair with nothing odd about it: nearly all are."""
_KEY: Final = re.compile(rb'[^\x00-\x20="]+')  # noqa: TID251 - ours, linear
_BLANK: Final = re.compile(rb"[\x00-\x20]*")  # noqa: TID251 - ours, linear
_QUOTED: Final = re.compile(rb'"((?:[^"\\]|\\.)*+)"', re.DOTALL)  # noqa: TID251 - ours, linear
_REPLACEMENT: Final = "\ufffd"


class MalformedError(ValueError):
    """Where, and what is wrong, in the words of the originals."""

    def __init__(self, at: int, what: str) -> None:
        super().__init__(f"logfmt syntax error at pos {at + 1} : {what}")


def pairs(line: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Keys and values, unquoted. Raises MalformedError."""
    at, size = 0, len(line)
    while True:
        while (plain := _PLAIN.match(line, at)) is not None:
            key, quoted, bare = plain.groups()
            at = plain.end()
            yield key if key.isascii() else _valid(key, plain.end(1)), bare or quoted or b""
        at = _past(_BLANK, line, at)
        if at >= size:
            return
        key, value, at = _odd(line, at)
        yield key, value


def _odd(line: bytes, at: int) -> tuple[bytes, bytes, int]:
    """The pair that begins here, and where it ends."""
    found = _KEY.match(line, at)
    if found is None:
        raise _unexpected(line, at)
    end = found.end()
    if end >= len(line) or line[end] <= 0x20:
        return _valid(found[0], end), b"", end
    if line[end] != 0x3D:
        raise _unexpected(line, end)
    return _valid(found[0], end), *_value(line, end + 1)


def _value(line: bytes, at: int) -> tuple[bytes, int]:
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
    if not key.isascii() and _REPLACEMENT in key.decode("utf-8", "replace"):
        raise MalformedError(at, "invalid key")
    return key


def _unexpected(line: bytes, at: int) -> MalformedError:
    char = chr(line[at])
    return MalformedError(at, f"unexpected '{char}'")


def _past(pattern: re.Pattern[bytes], line: bytes, at: int) -> int:
    found = pattern.match(line, at)
    return at if found is None else found.end()
