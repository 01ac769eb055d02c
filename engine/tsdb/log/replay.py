"""Reading the log: from segments to rows, many at once.

Records are collected, by source, until there are some millions of samples; then the rows that a source has of one
page are unpacked together. So Python's own work is a few microseconds a record and nothing a sample, and memory holds
packed records and the rows of one source. The commits of a source come in their order, those of different sources
do not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import chain, groupby
from pathlib import Path
from typing import Final

import numpy as np
from msgspec import Struct

from engine.foundation.frames import Frame, Gap, read_frames
from engine.tsdb.codec.deflate import inflated
from engine.tsdb.log.pages import Lost, PackedRow, Page, Rows
from engine.tsdb.log.walformat import (
    CHANGES,
    CHANGES_HEAD,
    COMMIT,
    COMMIT_HEAD,
    DEFLATED,
    FORM,
    LAYOUT,
    LAYOUT_HEAD,
    PAGE,
    PAGE_HEAD,
    ROW,
    ROW_HEAD,
    SAMPLES,
    SAMPLES_HEAD,
)
from engine.tsdb.log.words import from_turns, unpacked
from promql.model.types import FloatArray, IntArray

_CELLS: Final = 8 << 20
"""So many samples are collected before they are unpacked,"""
_BYTES: Final = 16 << 20
"""or so many bytes."""

Through = Callable[[int], int]
"""Up to which commit a source's samples are in parts."""


class Instants(Struct, frozen=True):
    """A commit of several instants: `times: int64[N]`, `refs: int64[N]`, `values: float64[N]`."""

    source: int
    numbers: list[int]
    times: IntArray
    refs: IntArray
    values: FloatArray


Found = Rows | Instants | Lost | Gap


def read_segment(path: Path, through: Through = lambda _: -1) -> Iterator[Found]:
    """What a segment has of later commits than parts have, what of it is lost, and where it can't be read."""
    return chain.from_iterable(read_runs(path, through))


def read_runs(path: Path, through: Through, cells: int = _CELLS) -> Iterator[Iterator[Found]]:
    """The same in runs of about so many samples: all commits of one are older than those of the next. Each must be read
    before the next is asked for.
    """
    return _Reader(through, cells).runs(path)


class _Reader:
    """One segment."""

    def __init__(self, through: Through, most: int) -> None:
        self._through = through
        self._most = most
        self._pages: dict[int, Page] = {}
        self._page_of: dict[int, Page] = {}
        self._pending: dict[int, list[PackedRow | Rows | Instants]] = {}
        self._cells = self._bytes = 0

    def runs(self, path: Path) -> Iterator[Iterator[Found]]:
        for frame in read_frames(path, FORM):
            if isinstance(frame, Gap):
                yield iter((frame,))
            elif (lost := self._take(frame)) is not None:
                yield iter((lost,))
            if self._cells > self._most or self._bytes > _BYTES:
                yield self._flushed()
        yield self._flushed()

    def _take(self, frame: Frame) -> Lost | None:
        kind, payload = frame.kind & ~DEFLATED, frame.payload
        if kind == CHANGES:
            commit, time, number, back, count = CHANGES_HEAD.unpack_from(payload)
            if (page := self._pages.get(number)) is None:
                return Lost(commit, 1)
            body = _body(frame, CHANGES_HEAD.size)
            self._collect(page.source, PackedRow(page, commit, time, back, count, body), len(page.refs), len(body))
        elif kind == PAGE:
            number, source, width, count = PAGE_HEAD.unpack_from(payload)
            if number not in self._pages:
                words = unpacked([_body(frame, PAGE_HEAD.size)], [count], width)[0]
                self._add(Page(number, source, from_turns(words)))
        elif kind == COMMIT:
            commit, source, width, count = COMMIT_HEAD.unpack_from(payload)
            times, refs, values = unpacked([_body(frame, COMMIT_HEAD.size)], [count], 3 * width)[0].reshape(3, width)
            found = Instants(source, [commit], from_turns(times), from_turns(refs), values.view(np.float64))
            self._collect(source, found, width, 24 * width)
        else:
            return self._take_old(kind, frame)
        return None

    def _take_old(self, kind: int, frame: Frame) -> Lost | None:
        """Records of version 1."""
        if kind == LAYOUT:
            number, source = LAYOUT_HEAD.unpack_from(frame.payload)
            self._add(Page(number, source, _old_words(frame, LAYOUT_HEAD.size)))
        elif kind == ROW:
            commit, source, number, time = ROW_HEAD.unpack_from(frame.payload)
            if (page := self._pages.get(number)) is None:
                return Lost(commit, 1)
            values = _old_words(frame, ROW_HEAD.size).view(np.float64).reshape(1, -1)
            self._collect(source, Rows(source, [commit], np.array([time]), page.refs, values), 0, values.nbytes)
        else:
            assert kind == SAMPLES
            commit, source, width = SAMPLES_HEAD.unpack_from(frame.payload)
            times, refs, words = _old_words(frame, SAMPLES_HEAD.size).reshape(3, width)
            self._collect(source, Instants(source, [commit], times, refs, words.view(np.float64)), width, 24 * width)
        return None

    def _add(self, page: Page) -> None:
        """A source has one page at a time; rows that were collected hold on to theirs."""
        if (before := self._page_of.get(page.source)) is not None:
            self._pages.pop(before.number, None)
        self._pages[page.number] = self._page_of[page.source] = page

    def _collect(self, source: int, found: PackedRow | Rows | Instants, cells: int, size: int) -> None:
        self._pending.setdefault(source, []).append(found)
        self._cells += cells
        self._bytes += size

    def _flushed(self) -> Iterator[Rows | Instants | Lost]:
        pending, self._pending = self._pending, {}
        self._cells = self._bytes = 0
        for source, collected in pending.items():
            through = self._through(source)
            for page, run in groupby(collected, _page):
                if page is not None:
                    yield from page.rows([one for one in run if isinstance(one, PackedRow)], through)
                else:
                    yield from (one for one in run if not isinstance(one, PackedRow) and one.numbers[-1] > through)


def _page(found: PackedRow | Rows | Instants) -> Page | None:
    return found.page if isinstance(found, PackedRow) else None


def _body(frame: Frame, start: int) -> bytes | memoryview:
    """What follows the head of a record."""
    body = frame.payload[start:]
    return inflated(body) if frame.kind & DEFLATED else body


def _old_words(frame: Frame, start: int) -> IntArray:
    """The same in version 1."""
    body = _body(frame, start)
    if not frame.kind & DEFLATED:
        return np.frombuffer(body, np.int64)
    planes = np.frombuffer(body, np.uint8).reshape(8, -1)
    return np.ascontiguousarray(planes.T).view(np.int64).ravel()
