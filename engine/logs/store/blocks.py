"""What a query is given: the lines of a stream in portions that do not overlap in time.

A blob is a block as it stands. Where blobs, or a blob and open lines, overlap, one block is merged of them, when it is
first read.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import NamedTuple, TypeAlias

from engine.foundation.errors import DamagedError
from engine.logs.store import blob as blobs
from engine.logs.store.head import Head, Portion
from engine.logs.store.lines import Lines, merged
from engine.logs.store.stream import Held, Stored
from promql.model.labels import Labels
from promql.model.types import IntArray

log = logging.getLogger(__name__)


class SealedBlock:
    """A blob. Raises DamagedError when it is read and is not what was written."""

    def __init__(self, labels: Labels, stored: Stored) -> None:
        self.labels = labels
        self.first = stored.entry.first
        self.last = stored.entry.last
        self.count = stored.entry.lines
        self.size = stored.entry.size
        self._stored = stored

    @cached_property
    def _blob(self) -> memoryview:
        return self._stored.segment.blob(self._stored.entry.offset)

    def verify(self) -> None:
        """Raises DamagedError where it is not what was written."""
        assert self._blob is not None

    def text(self) -> bytes:
        return blobs.text_of(self._blob)

    def starts(self) -> IntArray:
        return blobs.starts_in(self._blob)

    def times(self) -> IntArray:
        return blobs.times_of(self._blob)

    def metadata(self) -> Mapping[int, Labels]:
        return blobs.metadata_of(self._blob)

    def lines(self) -> Lines:
        return blobs.lines_of(self._blob)


class OpenBlock:
    """The lines of a portion of a head that were there when its view was taken."""

    def __init__(self, labels: Labels, head: Head, portion: Portion) -> None:
        self.labels = labels
        self.first = portion.first
        self.last = portion.last
        self.count = portion.lines
        self.size = portion.size
        self._head = head
        self._portion = portion

    def verify(self) -> None:
        """What is in memory is as it came."""

    def lines(self) -> Lines:
        return self._head.lines(self._portion)

    def text(self) -> bytes:
        return self.lines().text

    def starts(self) -> IntArray:
        return self.lines().starts

    def times(self) -> IntArray:
        return self.lines().times

    def metadata(self) -> Mapping[int, Labels]:
        return self.lines().metadata


Simple: TypeAlias = SealedBlock | OpenBlock


class MergedBlock:
    """Several that overlap, in order of arrival. Lines that came twice are here once."""

    def __init__(self, parts: Sequence[Simple]) -> None:
        self.labels = parts[0].labels
        self.first = min(part.first for part in parts)
        self.last = max(part.last for part in parts)
        self._parts = parts

    def verify(self) -> None:
        """Take out what is not as it was written."""
        fine: list[Simple] = []
        for part in self._parts:
            try:
                part.verify()
            except DamagedError as error:
                log.error("lines are left out of a query: %s", error)  # noqa: TRY400 - its text says all
            else:
                fine.append(part)
        if not fine:
            raise DamagedError("none of the blobs that overlap can be read")
        self._parts = fine

    @property
    def count(self) -> int:
        return len(self._lines)

    @property
    def size(self) -> int:
        return len(self._lines.text)

    @cached_property
    def _lines(self) -> Lines:
        return merged([part.lines() for part in self._parts])

    def lines(self) -> Lines:
        return self._lines

    def text(self) -> bytes:
        return self._lines.text

    def starts(self) -> IntArray:
        return self._lines.starts

    def times(self) -> IntArray:
        return self._lines.times

    def metadata(self) -> Mapping[int, Labels]:
        return self._lines.metadata


StoredBlock: TypeAlias = SealedBlock | OpenBlock | MergedBlock


class Extent(NamedTuple):
    """Of a blob or of open lines; `size` are bytes of text."""

    first: int
    last: int
    lines: int
    size: int


def extents_of(held: Held) -> list[Extent]:
    """Of all that a stream holds, in order of arrival. What came twice counts twice, until it is merged."""
    return [
        *(Extent(entry.first, entry.last, entry.lines, entry.size) for _, entry in held.blobs),
        *(Extent(view.first, view.last, view.lines, view.size) for _, view in held.heads()),
    ]


def blocks_of(labels: Labels, held: Held, start: int, end: int) -> list[StoredBlock]:
    """Those with times from `start` up to, but not with, `end`, by time."""
    parts: list[Simple] = [SealedBlock(labels, stored) for stored in held.blobs]
    parts += [OpenBlock(labels, head, portion) for head, view in held.heads() for portion in view.portions]
    return [block for block in without_overlaps(parts) if block.first < end and block.last >= start]


def without_overlaps(parts: Sequence[Simple]) -> list[StoredBlock]:
    """By time; those that share an instant, or pass each other, become one."""
    groups = overlapping([(part.first, part.last) for part in parts])
    return [parts[group[0]] if len(group) == 1 else MergedBlock([parts[at] for at in group]) for group in groups]


def overlapping(extents: Sequence[tuple[int, int]]) -> list[list[int]]:
    """The places of extents that share a time, by groups that share none; groups by time, places in their order."""
    groups: list[list[int]] = []
    reached = 0
    for at in sorted(range(len(extents)), key=lambda place: extents[place]):
        first, last = extents[at]
        if groups and first <= reached:
            groups[-1].append(at)
            reached = max(reached, last)
        else:
            groups.append([at])
            reached = last
    return [sorted(group) for group in groups]
