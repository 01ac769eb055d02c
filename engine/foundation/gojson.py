"""JSON as Go writes it, byte for byte, for bodies that somebody may compare, sign or hash; and as Go reads it."""

from __future__ import annotations

import re
from typing import Any, Final

import msgspec

_SHORT: Final = {b"\\b": b"\\u0008", b"\\f": b"\\u000c"}  # Go knows no short form of these two
_ESCAPE: Final = re.compile(rb"\\[\\bf]")  # noqa: TID251 - ours, linear
_NO_UTF8: Final = re.compile("[\udc80-\udcff]")  # noqa: TID251 - ours, linear
_READ_ESCAPE: Final = re.compile(  # noqa: TID251 - ours, linear
    r"\\u[dD][89abAB][\da-fA-F]{2}\\u[dD][c-fC-F][\da-fA-F]{2}|(?P<half>\\u[dD][89a-fA-F][\da-fA-F]{2})|\\.", re.ASCII
)
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


def decode(body: bytes, shape: Any = Any) -> Any:
    """Read as Go reads: bytes that are no UTF-8, and halves of surrogate pairs, are U+FFFD each. Raises DecodeError."""
    try:
        return msgspec.json.decode(body, type=shape)
    except (msgspec.DecodeError, UnicodeDecodeError):
        mended = _READ_ESCAPE.sub(_whole, _NO_UTF8.sub("\ufffd", body.decode("utf-8", "surrogateescape"))).encode()
        if mended == body:
            raise
        return msgspec.json.decode(mended, type=shape)


def fault(error: Exception) -> str:
    """What is wrong with a body that can't be decoded, in Go's words where a client may know them."""
    return "unexpected EOF" if "truncated" in str(error) else str(error)


def _whole(escape: re.Match[str]) -> str:
    return "\ufffd" if escape["half"] else escape[0]
