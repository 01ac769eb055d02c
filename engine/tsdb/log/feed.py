"""Commits as they come, for somebody who takes them elsewhere and must not miss one.

What was committed lately is in memory. Whoever is further behind reads the log's segments, which are kept until he has
passed them, up to `StoreOptions.held_bytes` of them. How far he is, is a position; whoever keeps it over a restart goes
on there.

Laws: pieces of one series come in the order of their commits. A position never passes what was not given out. What is
read again after a stop is the same as before.
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
from msgspec import Struct

from engine.foundation.frames import Gap
from engine.tsdb.commit import Commit
from engine.tsdb.log.pages import Lost, Rows
from engine.tsdb.log.replay import Instants, read_runs
from engine.tsdb.log.walformat import number_of, segments
from promql.model.types import BoolArray, FloatArray, IntArray

_RUN = 1 << 17
"""Samples of the log between two positions: so many go out again, at most, when whoever reads is killed meanwhile."""

log = logging.getLogger(__name__)


class Position(NamedTuple):
    """Everything up to this commit is passed; what follows stands in this segment of the log, or behind it."""

    commit: int
    segment: int


class Piece(Struct, frozen=True):
    """Samples: the series' numbers, Unix ms and values, each of length N."""

    refs: IntArray
    times: IntArray
    values: FloatArray

    def __len__(self) -> int:
        return len(self.refs)

    def part(self, chosen: slice | BoolArray | IntArray) -> Piece:
        return Piece(self.refs[chosen], self.times[chosen], self.values[chosen])


class _Noted(NamedTuple):
    at: Position
    commit: Commit


class Feed:
    """One reader's view. `note` and `recent` belong to the thread that appends, `older` may run in another one.

    `most` samples are remembered, `folder` holds the segments (None: nothing is logged, and what memory can't hold is
    lost, which `lost` counts in commits).
    """

    def __init__(self, folder: Path | None, position: Position, last: int, most: int) -> None:
        """`last` is the number of the newest commit so far."""
        self.position = position
        self.lost = 0
        self._folder = folder
        self._most = most
        self._noted: deque[_Noted] = deque()
        self._pending = 0
        self._forgotten = last

    @property
    def pending(self) -> int:
        """Samples that are remembered and not taken yet."""
        return self._pending

    @property
    def behind(self) -> bool:
        """Whether commits that are not taken yet are remembered no more."""
        return self._forgotten > self.position.commit

    def note(self, number: int, segment: int, commit: Commit) -> None:
        """A commit that is in the log now."""
        self._noted.append(_Noted(Position(number, segment), commit))
        self._pending += len(commit.values)
        while self._pending > self._most and len(self._noted) > 1:
            self._forgotten = self._drop().commit
            if self._folder is None:
                self.lost += 1
                self.position = Position(self._forgotten, self.position.segment)

    def recent(self, most: int) -> tuple[list[Piece], Position]:
        """About so many samples that are remembered, and the position behind them. Only where it is not `behind`."""
        found: list[Piece] = []
        count, at = 0, self.position
        for noted in self._noted:
            if count >= most:
                break
            if noted.at.commit > self.position.commit:
                found.append(_piece(noted.commit))
                count += len(found[-1])
                at = noted.at
        return found, at

    def pass_to(self, position: Position) -> None:
        """All up to there is where it should be."""
        self.position = position
        while self._noted and self._noted[0].at.commit <= position.commit:
            self._drop()

    def older(self) -> Iterator[Piece | Position]:
        """What the next segment of the log has that is not passed yet; now and then, and at its end, how far it is."""
        assert self._folder is not None
        target, passed = self._forgotten, self.position.commit
        paths = [path for path in segments(self._folder) if number_of(path) >= self.position.segment]
        if paths and number_of(paths[0]) > self.position.segment:
            log.warning("%s: segments of the log were given up before all of them were read", self._folder)
        if not paths:
            yield Position(target, self.position.segment)
            return
        newest = passed
        for run in read_runs(paths[0], lambda _: passed, _RUN):
            for found in run:
                if isinstance(found, Lost | Gap):
                    log.warning("%s: a part of it can't be read: %s", paths[0], found)
                else:
                    newest = max(newest, found.numbers[-1])
                    yield from _pieces(found, passed)
            yield Position(newest, number_of(paths[0]))
        if len(paths) > 1:
            yield Position(newest, number_of(paths[1]))
        else:
            yield Position(max(newest, target), number_of(paths[0]))

    def _drop(self) -> Position:
        noted = self._noted.popleft()
        self._pending -= len(noted.commit.values)
        return noted.at


def _piece(commit: Commit) -> Piece:
    times = commit.times
    return Piece(
        commit.layout.refs, np.full(len(commit.values), times) if isinstance(times, int) else times, commit.values
    )


def _pieces(found: Rows | Instants, passed: int) -> Iterator[Piece]:
    if isinstance(found, Instants):
        yield Piece(found.refs, found.times, found.values)
        return
    for number, time, row in zip(found.numbers, found.times.tolist(), found.values, strict=True):
        if number > passed:
            yield Piece(found.refs, np.full(len(row), time), row)
