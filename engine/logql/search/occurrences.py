"""Where some bytes stand in a text, however often: all at once, by comparing whole arrays.

The two bytes of the needle that are rarest (in the beginning of the text) are compared everywhere, the others only
where those stand. `bytes.split`, which makes a text of all that lies between, took up to seven times as long.
"""

from __future__ import annotations

from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from promql.model.types import BoolArray, IntArray

_SAMPLE: Final = 1 << 12
_WORD: Final = 8

Buffer: TypeAlias = bytes | NDArray[np.uint8]


def occurrences(text: Buffer, needle: bytes) -> IntArray:
    """All of them, ascending; they may overlap. The needle is not empty."""
    data = np.frombuffer(text, np.uint8)
    starts = len(data) - len(needle) + 1
    if starts <= 0:
        return np.empty(0, np.int64)
    seen = np.bincount(data[:_SAMPLE], minlength=256)
    rarest, *others = sorted(range(len(needle)), key=lambda at: int(seen[needle[at]]))
    holds = data[rarest : rarest + starts] == needle[rarest]
    for at in others[:1]:
        holds &= data[at : at + starts] == needle[at]
    found = places_of(holds)
    for at in others[1:]:
        found = found[data[found + at] == needle[at]]
    return found


def places_of(holds: BoolArray) -> IntArray:
    """Where it is True, in half the time of `np.flatnonzero`, where that is seldom: by words of eight first."""
    whole = len(holds) // _WORD * _WORD
    words = np.flatnonzero(holds[:whole].view(np.uint64) != 0)
    if len(words) * _WORD > whole // _WORD:
        return np.flatnonzero(holds)
    near = (words[:, None] * _WORD + np.arange(_WORD)).ravel()
    found: IntArray = np.concatenate([near[holds[near]], whole + np.flatnonzero(holds[whole:])])
    return found
