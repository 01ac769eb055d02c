"""Literals of Go's template language: numbers, character constants, strings.

All functions raise ValueError with Go's words.
"""

from __future__ import annotations

import re
from typing import Final

from engine.gotemplate.nodes import Number
from engine.gotemplate.text import from_bytes, to_bytes
from promql.model.labels import quote

INT_MAX: Final = 2**63 - 1
INT_MIN: Final = -(2**63)
_UINT_MAX: Final = 2**64 - 1

_INTEGER: Final = re.compile(  # noqa: TID251 - ours, linear
    r"[+-]?(?:0[xX](?:_?[0-9a-fA-F])+|0[bB](?:_?[01])+|0[oO](?:_?[0-7])+|0(?:_?[0-7])*|[1-9](?:_?[0-9])*)", re.ASCII
)
_FLOAT: Final = re.compile(  # noqa: TID251 - ours, linear
    r"[+-]?(?:[0-9](?:_?[0-9])*\.?(?:[0-9](?:_?[0-9])*)?|\.[0-9](?:_?[0-9])*)(?:[eE][+-]?[0-9](?:_?[0-9])*)?", re.ASCII
)
_HEX_FLOAT: Final = re.compile(  # noqa: TID251 - ours, linear
    r"[+-]?0[xX](?:(?:_?[0-9a-fA-F])+\.?[0-9a-fA-F]*|\.[0-9a-fA-F]+)[pP][+-]?[0-9]+", re.ASCII
)
_ESCAPE: Final = re.compile(  # noqa: TID251 - ours, linear
    r"""\\(?:([abfnrtv\\'"])|x([0-9a-fA-F]{2})|([0-7]{3})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8}))""", re.ASCII
)
_SHORT: Final = dict(zip("abfnrtv\\'\"", "\a\b\f\n\r\t\v\\'\"", strict=True))
_LONGEST: Final = 1024  # a longer literal is no number that anybody wrote; conversion is quadratic


def number(source: str, start: int) -> Number:
    if source.endswith("i"):
        raise ValueError(f"imaginary numbers are not supported: {quote(source)}")
    if len(source) > _LONGEST:
        raise ValueError(f"integer overflow: {quote(source[:20])}")
    integer = _integer(source)
    if integer is not None:
        return Number(start, source, integer, integer, float(integer))
    real = _real(source)
    if real is None:
        raise ValueError(f"illegal number syntax: {quote(source)}")
    if not any(c in ".eEpP" for c in source):
        raise ValueError(f"integer overflow: {quote(source)}")
    whole = int(real) if real.is_integer() and INT_MIN <= real <= INT_MAX else None
    return Number(start, source, real, whole, real)


def _integer(source: str) -> int | None:
    if _INTEGER.fullmatch(source) is None:
        return None
    digits = source.lstrip("+-")
    if len(digits) > 1 and digits[0] == "0" and digits[1] in "01234567_":
        digits = "0o" + digits[1:]
    value = int(digits, 0) * (-1 if source[0] == "-" else 1)
    fits = INT_MIN <= value <= (INT_MAX if source[0] in "+-" else _UINT_MAX)
    return value if fits else None


def _real(source: str) -> float | None:
    if _HEX_FLOAT.fullmatch(source):
        try:
            return float.fromhex(source.replace("_", ""))
        except OverflowError:
            return None
    if not _FLOAT.fullmatch(source):
        return None
    value = float(source)
    return None if value in (float("inf"), float("-inf")) else value


def character(source: str, start: int) -> Number:
    """`'a'`: the number of the character."""
    body = source[1:]
    found = _ESCAPE.match(body)
    if body.startswith("\\"):
        if found is None or found[1] == '"':
            raise ValueError("invalid syntax")
        code, rest = _code_of(found), body[found.end() :]
    elif body.startswith("'"):
        raise ValueError("invalid syntax")
    else:
        code, rest = ord(body[0]), body[1:]
    if rest != "'":
        raise ValueError(f"malformed character constant: {source}")
    return Number(start, source, code, code, float(code))


def _code_of(found: re.Match[str]) -> int:
    if found[1]:
        return ord(_SHORT[found[1]])
    code = int(found[3], 8) if found[3] else int(found[2] or found[4] or found[5], 16)
    limit = 0xFF if found[3] else 0x10FFFF
    if code > limit or (not found[2] and not found[3] and 0xD800 <= code < 0xE000):
        raise ValueError("invalid syntax")
    return code


def unquote(source: str) -> str:
    """A string's value, from `"..."` or a raw string."""
    if source[0] == "`":
        return source[1:-1].replace("\r", "")
    body, pieces, end = source[1:-1], [], 0
    if "\\" not in body:
        return body
    for found in _ESCAPE.finditer(body):
        between = body[end : found.start()]
        if "\\" in between or found[1] == "'":
            raise ValueError("invalid syntax")
        code = _code_of(found)
        pieces += [to_bytes(between), bytes([code]) if found[2] or found[3] else chr(code).encode()]
        end = found.end()
    if "\\" in body[end:]:
        raise ValueError("invalid syntax")
    return from_bytes(b"".join((*pieces, to_bytes(body[end:]))))
