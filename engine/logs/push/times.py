"""Times of lines as texts: nanoseconds in decimal digits, and RFC 3339."""

from __future__ import annotations

import re
from array import array
from collections.abc import Sequence
from datetime import datetime
from typing import Final

import numpy as np

from engine.foundation.errors import RemoteError

_DIGITS: Final = 19
"""Of any time from 2001 to 2262."""
_POWERS: Final = 10 ** np.arange(_DIGITS - 1, -1, -1, dtype=np.int64)
_RFC3339: Final = re.compile(  # noqa: TID251 - ours, linear
    r"(\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d)(?:\.(\d+))?([Zz]|[+-]\d\d:\d\d)", re.ASCII
)
_SECOND: Final = 1_000_000_000
_LARGEST: Final = (1 << 63) - 1


class TimeError(RemoteError):
    """A text that is no time."""


def from_digits(texts: Sequence[str]) -> array[int]:
    """Unix ns. Raises TimeError in the words of Go."""
    joined = "".join(texts)
    if len(joined) == _DIGITS * len(texts) and joined.isascii() and set(map(len, texts)) <= {_DIGITS}:
        digits = np.frombuffer(joined.encode(), np.uint8).reshape(-1, _DIGITS) - 48
        if not (digits > 9).any() and not (digits[:, 0] == 9).any():
            return array("q", (digits @ _POWERS).tobytes())
    return array("q", map(_from_digits, texts))


def _from_digits(text: str) -> int:
    bare = text.removeprefix("-") if text[:1] == "-" else text.removeprefix("+")
    if not bare.isascii() or not bare.isdigit():
        raise TimeError(f'strconv.ParseInt: parsing "{text}": invalid syntax')
    if len(bare.lstrip("0")) > _DIGITS or not -_LARGEST <= (found := int(text)) <= _LARGEST:
        raise TimeError(f'strconv.ParseInt: parsing "{text}": value out of range')
    return found


def from_rfc3339(text: str) -> int:
    """Unix ns. Raises TimeError."""
    found = _RFC3339.fullmatch(text)
    try:
        if found is None:
            raise ValueError(text)
        moment = datetime.fromisoformat(found[1].upper() + found[3].upper().replace("Z", "+00:00"))
    except ValueError:
        raise TimeError(f'parsing time "{text}" as "2006-01-02T15:04:05.999999999Z07:00": cannot parse') from None
    return int(moment.timestamp()) * _SECOND + int((found[2] or "0").ljust(9, "0")[:9])
