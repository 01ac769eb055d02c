"""JSON as Go's encoder writes it, byte for byte, for bodies that somebody may compare, sign or hash."""

from __future__ import annotations

import re
from typing import Final

import msgspec

_SHORT: Final = {b"\\b": b"\\u0008", b"\\f": b"\\u000c"}  # Go knows no short form of these two
_ESCAPE: Final = re.compile(rb"\\[\\bf]")  # noqa: TID251 - ours, linear
_HTML: Final = (
    (b"<", b"\\u003c"),
    (b">", b"\\u003e"),
    (b"&", b"\\u0026"),
    ("\u2028".encode(), b"\\u2028"),
    ("\u2029".encode(), b"\\u2029"),
)


def encode(value: object) -> bytes:
    """The value on one line, in the order of its keys; only strings hold what is escaped for the sake of HTML."""
    data = msgspec.json.encode(value)
    for char, escaped in _HTML:
        if char in data:
            data = data.replace(char, escaped)
    return _ESCAPE.sub(lambda found: _SHORT.get(found[0], found[0]), data) if b"\\" in data else data


def encode_line(value: object) -> bytes:
    """The same with a line feed behind it, as Go's stream encoder does."""
    return encode(value) + b"\n"
