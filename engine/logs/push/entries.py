"""Entries of pushes in protobuf, all of a push at once.

Nearly all entries have one form, a time and then a line: where one begins with a time is seen from four bytes, so all
of them are looked for at once, and read in step: the first number of each, then the second of each. What is found so
may also stand in the middle of a line. Therefore it counts only in a chain: from the first entry of a stream each ends
where the next one begins, up to the last. Law: what a chain gives is what `fields` gives, entry by entry.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from engine.logql.search.occurrences import places_of
from promql.model.types import BoolArray, IntArray

Bytes = NDArray[np.uint8]

_ENTRY: Final = 0x12
_TIME: Final = 0x0A
_LINE: Final = 0x12
_SECONDS: Final = 0x08
_NANOS: Final = 0x10
"""Tags: of an entry in its stream, of its time and its line in it, and of what is in the time."""
_SPAN: Final = np.arange(5)
"""Bytes of a number that are read; no line is longer."""
_HEAD: Final = 4
"""Bytes that stand before a time, at most."""
_FAR_SECONDS: Final = 9_000_000_000
"""What comes later may be more ns than 63 bits tell."""
_SPARE: Final = bytes(64)
"""More than stands before a line, so that no reading of one that is none leads beyond the message."""
_SECOND: Final = 1_000_000_000


class Chain(NamedTuple):
    """Entries one after another: Unix ns, where each line begins and ends."""

    times: array[int]
    begins: list[int]
    ends: list[int]


class Entries:
    """Those of one message that have the usual form."""

    def __init__(self, message: bytes) -> None:
        padded = np.frombuffer(message + _SPARE, np.uint8)
        self._read(padded, _candidates(padded, len(message)))

    def _read(self, data: Bytes, starts: IntArray) -> None:
        size, at = _number(data, starts + 1)
        stops, time_stops = at + size, at + 2 + data[at + 1]
        fine = (data[at + 1] < 0x80) & (stops <= len(data) - len(_SPARE))
        seconds, at = _field(data, at + 2, _SECONDS, time_stops)
        nanos, at = _field(data, at, _NANOS, time_stops)
        fine &= (at == time_stops) & (seconds >= 0) & (seconds < _FAR_SECONDS) & (nanos >= 0)
        length, at = _field(data, at, _LINE, stops)
        fine &= (at + length == stops) & (length >= 0)
        kept = np.flatnonzero(fine)
        self._starts: list[int] = starts[kept].tolist()
        self._stops = stops[kept]
        self._is_next: BoolArray = self._stops[:-1] == starts[kept][1:]
        self._times = (seconds * _SECOND + nanos)[kept]
        self._begins = at[kept]

    def chain(self, start: int, stop: int) -> Chain | None:
        """The entries of a stream that fill `start` up to `stop`; None where they are not all of the usual form."""
        low, high = bisect_left(self._starts, start), bisect_left(self._starts, stop)
        if low == high or self._starts[low] != start or self._stops[high - 1] != stop:
            return None
        if not self._is_next[low : high - 1].all():
            return None
        some = slice(low, high)
        return Chain(array("q", self._times[some].tobytes()), self._begins[some].tolist(), self._stops[some].tolist())


def _candidates(data: Bytes, size: int) -> IntArray:
    """Where entries may begin: a tag, a length of 1 to 3 bytes, and a time with seconds."""
    times = places_of((data[:size] == _TIME) & (data[2 : size + 2] == _SECONDS))
    times = times[times >= _HEAD]
    bytes_of_length = data[times[:, None] - np.arange(1, _HEAD)] >= 0x80
    width = np.where(bytes_of_length[:, 1], np.where(bytes_of_length[:, 2], 3, 2), 1)
    starts = times - width - 1
    found: IntArray = starts[(data[starts] == _ENTRY) & ~bytes_of_length[:, 0]]
    return found


def _number(data: Bytes, at: IntArray) -> tuple[IntArray, IntArray]:
    """The varints there, and where each ends; less than nothing for one that is too long."""
    parts = data[_SPAN[:, None] + at].astype(np.int64)
    value = parts[0] & 0x7F
    more = parts[0] >= 0x80
    end = at + 1
    for place in range(1, len(_SPAN)):
        if not more.any():
            return value, end
        value += (parts[place] & 0x7F) * more << 7 * place
        end += more
        more &= parts[place] >= 0x80
    value[more] = -1
    return value, end


def _field(data: Bytes, at: IntArray, tag: int, stops: IntArray) -> tuple[IntArray, IntArray]:
    """The number behind a tag of one byte, and where it ends: 0 where the field is left out."""
    there = (data[at] == tag) & (at < stops)
    value, end = _number(data, at + 1)
    return np.where(there, value, 0), np.where(there, end, at)
