"""Durations and sizes as queries and lines write them, in the two forms that Go programs know.

A query's literal may be Go's (`1.5h`) or Prometheus's (`1d`); a value out of a line is read as Go reads it, so `1d`
there is none.
"""

from __future__ import annotations

import re
from typing import Final

from engine.gotemplate.floats import parse_float
from promql.model.durations import Duration
from promql.model.labels import quote

_GO_UNITS: Final = {
    "ns": 1, "us": 1000, "µs": 1000, "μs": 1000, "ms": 10**6, "s": 10**9, "m": 60 * 10**9, "h": 3600 * 10**9,
}  # fmt: skip
_GO_PIECE: Final = re.compile(r"([0-9]*)(?:\.([0-9]*))?([^0-9.]*)")  # noqa: TID251 - ours, linear
_SIZE: Final = re.compile(r"[0-9.,]*", re.ASCII)  # noqa: TID251 - ours, linear
_LARGEST: Final = 2**63 - 1
SIZES: Final = {
    "": 1,
    "b": 1,
    **{
        name: step**power
        for power, letter in enumerate("kmgtpe", start=1)
        for name, step in ((letter, 1000), (f"{letter}b", 1000), (f"{letter}i", 1024), (f"{letter}ib", 1024))
    },
}


def go_duration(text: str) -> int:
    """Go's `ParseDuration`, to nanoseconds. Raises ValueError in its words."""
    shown = f"time: invalid duration {quote(text)}"
    rest = text[1:] if text[:1] in ("-", "+") else text
    if rest == "0":
        return 0
    if not rest:
        raise ValueError(shown)
    total, end = 0, 0
    while end < len(rest):
        found = _GO_PIECE.match(rest, end)
        if found is None or not (found[1] or found[2]):
            raise ValueError(shown)
        total += _piece(found, text)
        if total > _LARGEST:
            raise ValueError(shown)
        end = found.end()
    return -total if text[0] == "-" else total


def _piece(found: re.Match[str], text: str) -> int:
    whole, fraction, unit = found[1], found[2] or "", found[3]
    if not unit:
        raise ValueError(f"time: missing unit in duration {quote(text)}")
    if unit not in _GO_UNITS:
        raise ValueError(f"time: unknown unit {quote(unit)} in duration {quote(text)}")
    size = _GO_UNITS[unit]
    if len(whole) > 19:
        raise ValueError(f"time: invalid duration {quote(text)}")
    fraction = fraction[:18]
    return int(whole or "0") * size + (int(fraction) * size // 10 ** len(fraction) if fraction else 0)


def duration(text: str) -> int:
    """A literal: Prometheus's form, or else Go's, to nanoseconds. Raises ValueError in Prometheus's words."""
    try:
        return int(Duration.from_text(text)) * 1_000_000
    except ValueError as error:
        refused = error
    try:
        return go_duration(text)
    except ValueError:
        raise refused from None


def size(text: str) -> int:
    """Bytes of `1.5KB`, `12 MiB`, `7`. Raises ValueError in the words of the originals' library."""
    found = _SIZE.match(text)
    digits = found[0] if found else ""
    value = parse_float(digits.replace(",", ""))
    unit = text[len(digits) :].strip().lower()
    if unit not in SIZES:
        raise ValueError(f"unhandled size name: {unit}")
    value *= SIZES[unit]
    if value >= 2**64:
        raise ValueError(f"too large: {text}")
    return int(value)
