"""Numbers as Go's `ParseInt(text, 0, 64)` reads them, or else `ParseFloat`: the order decides on `010` and `08`."""

from __future__ import annotations

import math
from typing import Final

from promql.model.labels import quote

_LARGEST: Final = 2**63 - 1


def number(text: str) -> float:
    """Hex, octal with a leading zero, decimal, `inf`, `nan`; underscores only where the lexer lets them pass.

    Raises ValueError with Go's words.
    """
    whole = _integer(text)
    return float(whole) if whole is not None and whole <= _LARGEST else _float(text)


def _integer(text: str) -> int | None:
    try:
        octal = text[:1] == "0" and text[1:2] not in ("x", "X")
        return int(text, 8 if octal else 0)
    except ValueError:
        return None


def _float(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        raise ValueError(f"strconv.ParseFloat: parsing {quote(text)}: invalid syntax") from None
    if math.isinf(value) and text.lower() != "inf":
        raise ValueError(f"strconv.ParseFloat: parsing {quote(text)}: value out of range")
    return value
