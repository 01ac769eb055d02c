"""Series as unit tests write them: `up{job="a"}`, and `1+2x3 _ stale` for what they hold.

An item is a number, `stale`, or `_` for no sample. `axN` is a and N times again, `a+bxN` a and N sums more,
`_xN` exactly N gaps. Numbers are decimal, since `0x10` is eleven zeros.
"""

from __future__ import annotations

import re
from typing import Final

import numpy as np

from promql.errors import ParseError
from promql.model.labels import Labels
from promql.model.matchers import MatchOp
from promql.model.staleness import ABSENT_NAN, STALE_NAN, normalise
from promql.model.types import FloatArray
from promql.syntax.literals import number
from promql.syntax.parser import parse_selector

MOST_SAMPLES: Final = 10_000_000
"""Of one item: so many fit in memory, and nobody reads more."""

_DIGITS: Final = r"(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?"
_WORD: Final = r"(?i:inf|nan)"
_GAP: Final = re.compile(r"_(?:x(\d+))?", re.ASCII)  # noqa: TID251 - ours, linear
_RUN: Final = re.compile(  # noqa: TID251 - ours, linear
    rf"(?P<first>[+-]?(?:{_DIGITS}|{_WORD}(?!x)))(?:(?P<delta>[+-]{_DIGITS})(?=x))?(?:x(?P<times>\d+))?", re.ASCII
)
_APART: Final = re.compile(r"\s*[\w:]+\s+\{", re.ASCII)  # noqa: TID251 - ours, linear


def metric(text: str) -> Labels:
    """The label set that a text like `up{job="a"}` names; nothing names the empty one. Raises ParseError."""
    if not text.strip():
        return Labels()
    matchers = parse_selector(text)
    for matcher in matchers:
        if matcher.op is not MatchOp.EQUAL:
            raise ParseError(f'a series has labels with "=" alone, not "{matcher.op.value}"')
    return Labels.of({matcher.name: matcher.value for matcher in matchers})


def input_series(text: str) -> Labels:
    """The same for a series that holds samples: it has a name or a label. Raises ParseError."""
    if _APART.match(text):
        raise ParseError("no space may stand between a metric's name and its labels")
    labels = metric(text)
    if not labels:
        raise ParseError("a series needs a name or a label")
    return labels


def values(text: str) -> FloatArray:
    """One value a step: `float64[N]`, with the absent marker where there is no sample. Raises ParseError."""
    pieces = [_item(item) for item in text.split()]
    return np.concatenate(pieces) if pieces else np.empty(0)


def _item(item: str) -> FloatArray:
    if item == "stale":
        return np.array([STALE_NAN])
    if (gap := _GAP.fullmatch(item)) is not None:
        return np.full(_count(gap[1] or "1", item), ABSENT_NAN)
    run = _RUN.fullmatch(item)
    if run is None:
        raise ParseError(f'"{item}" is no value: want a number, `a+bxN`, `axN`, `_`, `_xN` or `stale`')
    first, delta = number_of(run["first"]), number_of(run["delta"] or "0")
    found = np.full(_count(run["times"] or "0", item) + 1, delta)
    found[0] = first
    with np.errstate(invalid="ignore"):
        return normalise(np.cumsum(found))


def number_of(text: str) -> float:
    """With its sign. Raises ParseError."""
    try:
        value = number(text.lstrip("+-"))
    except ValueError as error:
        raise ParseError(str(error)) from None
    return -value if text.startswith("-") else value


def _count(text: str, item: str) -> int:
    if len(text) > len(str(MOST_SAMPLES)) or int(text) > MOST_SAMPLES:
        raise ParseError(f'"{item}" makes more than {MOST_SAMPLES} samples')
    return int(text)
