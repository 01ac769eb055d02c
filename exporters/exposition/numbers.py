"""Numbers in pages, read as Go reads them.

Python's `float` takes more than Go's (underscores, blanks around, signed NaN, overflow to infinity), so a fast
pass converts everything at once, and only a batch that holds anything but digits, signs, points and exponents
is looked at token by token. Hexadecimal and underscores are refused, as Prometheus does.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from itertools import compress, count, repeat
from typing import Final

import numpy as np

from promql.model.labels import quote
from promql.model.staleness import normalise
from promql.model.types import FloatArray

PLAIN: Final = b"0123456789+-.eE"
_NUMBER: Final = re.compile(  # noqa: TID251 - ours, linear
    rb"[+-]?(?:(?:[0-9]++(?:\.[0-9]*+)?|\.[0-9]++)(?:e[+-]?[0-9]++)?|inf(?:inity)?)|nan", re.IGNORECASE
)
_INT64: Final = 2**63 - 1


class NumberError(ValueError):
    """Go's words for what is wrong; `index` is the first bad token's place in its batch."""

    def __init__(self, message: str, index: int = 0) -> None:
        super().__init__(message)
        self.index = index


def parse_float(token: bytes) -> float:
    """Raises NumberError."""
    if token.translate(None, b"pP_") != token:
        raise NumberError("unsupported character in float")
    if _NUMBER.fullmatch(token) is None:
        raise NumberError(f"strconv.ParseFloat: parsing {quote_bytes(token)}: invalid syntax")
    value = float(token)
    if math.isinf(value) and b"n" not in token.lower():
        raise NumberError(f"strconv.ParseFloat: parsing {quote_bytes(token)}: value out of range")
    return value


def parse_floats(tokens: Sequence[bytes]) -> FloatArray:
    """All of them, NaNs made ordinary. Raises NumberError at the first bad one."""
    odd: list[int] = []
    if b"".join(tokens).translate(None, PLAIN):
        odd = list(compress(count(), map(bytes.translate, tokens, repeat(None), repeat(PLAIN))))
    try:
        for index in odd:
            parse_float(tokens[index])
        values = np.fromiter(map(float, tokens), np.float64, len(tokens))
    except ValueError:
        return _one_by_one(tokens)
    if np.isinf(values).any():
        return _one_by_one(tokens)
    return normalise(values)


def _one_by_one(tokens: Sequence[bytes]) -> FloatArray:
    values = np.empty(len(tokens))
    for index, token in enumerate(tokens):
        try:
            values[index] = parse_float(token)
        except NumberError as error:
            raise NumberError(str(error), index) from None
    return normalise(values)


def parse_milliseconds(token: bytes) -> int:
    """The older format's timestamps: whole, unsigned. Raises NumberError."""
    value = int(token)
    if value > _INT64:
        raise NumberError(f"strconv.ParseInt: parsing {quote_bytes(token)}: value out of range")
    return value


def parse_seconds(token: bytes, invalid: str) -> int:
    """OpenMetrics's timestamps: float seconds, to whole ms, toward zero. `invalid` is said of NaN and infinities."""
    seconds = parse_float(token)
    if not math.isfinite(seconds):
        raise NumberError(invalid)
    ms = seconds * 1000
    return int(ms) if abs(ms) < 2.0**63 else -_INT64 - 1


def quote_bytes(text: bytes) -> str:
    r"""Go's `%q` of bytes that may not be UTF-8: bad bytes as `\xff`."""
    return quote(text.decode(errors="surrogateescape"))
