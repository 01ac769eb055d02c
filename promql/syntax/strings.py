r"""String literals, and text as Go's `%q` and `%#U` show it in error messages.

Quotes are single or double, with Go's escapes; what stands between backticks is taken as it is. `\xHH` and octal
escapes are bytes: bytes that together are no UTF-8 become U+FFFD, as in every answer of Prometheus's API.
"""

from __future__ import annotations

import re
from typing import Final

from promql.model.labels import quote

_SIMPLE: Final = {
    "a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v", "\\": "\\", "'": "'", '"': '"',
}  # fmt: skip
_CODES: Final = {"x": (2, 16, 255), "u": (4, 16, 0x10FFFF), "U": (8, 16, 0x10FFFF)}  # digits, base, largest
_OCTAL: Final = (3, 8, 255)
_DIGITS: Final = "0123456789abcdef"
_ESCAPE: Final = re.compile(  # noqa: TID251 - ours, linear
    r"\\(?:x(?P<hex>..)|(?P<octal>[0-7]{3})|u(?P<short>.{4})|U(?P<long>.{8})|(?P<simple>.))", re.DOTALL
)


def unquote(literal: str) -> str:
    """The value of a literal that the lexer has let pass."""
    body = literal[1:-1]
    if literal[0] == "`" or "\\" not in body:
        return body
    pieces: list[bytes] = []
    end = 0
    for found in _ESCAPE.finditer(body):
        pieces += (body[end : found.start()].encode(), _value(found))
        end = found.end()
    return b"".join((*pieces, body[end:].encode())).decode(errors="replace")


def _value(found: re.Match[str]) -> bytes:
    if (digits := found["hex"]) is not None:
        return bytes([int(digits, 16)])
    if (digits := found["octal"]) is not None:
        return bytes([int(digits, 8)])
    if (digits := found["short"] or found["long"]) is not None:
        return chr(int(digits, 16)).encode()
    return _SIMPLE[found["simple"]].encode()


def literal_end(text: str, start: int) -> int:
    """Where the literal that opens at `start` ends (behind its quote). Raises ValueError with Prometheus's words."""
    if text[start] == "`":
        return _raw_end(text, start)
    delimiter, position = text[start], start + 1
    while position < len(text) and (char := text[position]) != "\n":
        if char == delimiter:
            return position + 1
        if char == "\ufffd":
            raise ValueError("invalid UTF-8 rune")
        position = _escape_end(text, position + 1, delimiter) if char == "\\" else position + 1
    raise ValueError("unterminated quoted string")


def _raw_end(text: str, start: int) -> int:
    end = text.find("`", start + 1)
    if "\ufffd" in text[start : end if end > 0 else None]:
        raise ValueError("invalid UTF-8 rune")
    if end < 0:
        raise ValueError("unterminated raw string")
    return end + 1


def _escape_end(text: str, position: int, delimiter: str) -> int:
    """Behind the escape whose character after the backslash stands at `position`."""
    kind = text[position : position + 1]
    if not kind:
        raise ValueError("escape sequence not terminated")
    if kind in "01234567":
        return _code_end(text, position, *_OCTAL)
    if kind in _CODES:
        return _code_end(text, position + 1, *_CODES[kind])
    if kind == delimiter or (kind in _SIMPLE and kind not in "'\""):
        return position + 1
    raise ValueError(f"unknown escape sequence {code_point(kind)}")


def _code_end(text: str, position: int, count: int, base: int, largest: int) -> int:
    value = 0
    for at in range(position, position + count):
        if at >= len(text):
            raise ValueError("escape sequence not terminated")
        digit = _DIGITS.find(text[at].lower())
        if not 0 <= digit < base:
            raise ValueError(f"illegal character {code_point(text[at])} in escape sequence")
        value = value * base + digit
    if value > largest or 0xD800 <= value < 0xE000:
        raise ValueError("escape sequence is an invalid Unicode code point")
    return position + count


def quote_rune(char: str) -> str:
    """Go's `%q` of one character; the end of the text counts as U+FFFD."""
    if char in ("'", '"'):
        return "'\\''" if char == "'" else "'\"'"
    return f"'{quote(char or chr(0xFFFD))[1:-1]}'"


def quote_short(text: str) -> str:
    """In double quotes, cut after ten characters."""
    return f"{quote(text[:10])}..." if len(text.encode()) > 10 else quote(text)


def code_point(char: str) -> str:
    """Go's `%#U`: `U+0071 'q'`."""
    return f"U+{ord(char):04X}" + (f" '{char}'" if char.isprintable() else "")
