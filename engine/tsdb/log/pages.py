"""A source's page while its log is read: rows that tell only what changed become rows of values, many at once."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Final, NamedTuple

import numpy as np
from msgspec import Struct

from engine.tsdb.log.words import unpacked
from promql.model.types import AnyArray, FloatArray, IntArray

_AT_ONCE: Final = 1 << 19
"""Samples that are unpacked together."""


class Rows(Struct, frozen=True):
    """Commits of a source that have the same series: `times: int64[R]`, `refs: int64[N]`, `values: float64[R, N]`."""

    source: int
    numbers: list[int]
    times: IntArray
    refs: IntArray
    values: FloatArray


class Lost(Struct, frozen=True):
    """So many commits, up to that number, rest on a record that is lost."""

    number: int
    commits: int


class PackedRow(NamedTuple):
    """A row as it was logged: see CHANGES in `engine.tsdb.log.walformat`."""

    page: Page
    commit: int
    time: int
    back: int
    changed: int
    body: bytes | memoryview


class Page:
    """The series of a page, and its last row that could be unpacked."""

    __slots__ = ("_commit", "_row", "number", "refs", "source")

    def __init__(self, number: int, source: int, refs: IntArray) -> None:
        self.number = number
        self.source = source
        self.refs = refs
        self._row: AnyArray = np.zeros(len(refs), np.uint64)
        self._commit = -1

    def rows(self, packed: Sequence[PackedRow], through: int) -> Iterator[Rows | Lost]:
        """The rows of later commits than `through`, in their order; rows that rest on lost ones are lost."""
        packed = _from_last_full(packed, through)
        whole, lost, before = [], [], self._commit
        for row in packed:
            if not row.back or row.commit - row.back == before:
                whole.append(row)
                before = row.commit
            elif row.commit > through:
                lost.append(row.commit)
        each = max(1, _AT_ONCE // len(self.refs))
        for at in range(0, len(whole), each):
            yield from self._unpacked(whole[at : at + each], through)
        if lost:
            yield Lost(lost[-1], len(lost))

    def _unpacked(self, packed: Sequence[PackedRow], through: int) -> Iterator[Rows]:
        words = unpacked([row.body for row in packed], [row.changed for row in packed], len(self.refs))
        starts = [0, *(at for at, row in enumerate(packed) if at and not row.back), len(packed)]
        if packed[0].back:
            words[0] ^= self._row
        for start, end in pairwise(starts):
            np.bitwise_xor.accumulate(words[start:end], axis=0, out=words[start:end])
        self._row, self._commit = words[-1].copy(), packed[-1].commit
        numbers = [row.commit for row in packed]
        first = bisect_right(numbers, through)
        if first < len(numbers):
            times = np.array([row.time for row in packed[first:]], np.int64)
            yield Rows(self.source, numbers[first:], times, self.refs, words[first:].view(np.float64))


def _from_last_full(packed: Sequence[PackedRow], through: int) -> Sequence[PackedRow]:
    """Without the rows that no later one than `through` rests on; what comes after them may rest on the last."""
    wanted = min(bisect_right(packed, through, key=lambda row: row.commit), len(packed) - 1)
    fulls = [at for at in range(wanted + 1) if not packed[at].back]
    return packed[fulls[-1] :] if fulls else packed
