"""Where the samples of a page lie, and whether another page differs from it in their values alone.

A line of a page is a head (a key and the blank behind it; a comment is all head) and a tail (the value). The heads of
two pages are compared at the speed of memory: the other page is copied line by line into the places of the first, where
tails of the same length need no step of their own; then the tails are blanked, and what is left must be the same bytes.
So the work is a few passes over the bytes, and a step in Python for each tail that has another length than in the page
that gave the shape. Pages are looked at in pieces that fit the processor's caches.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from msgspec import Struct

from exporters.exposition.bulk import LONGEST, WORD, Bytes, Numbers, Tails, numbers, tails
from exporters.exposition.page import Page
from promql.model.types import BoolArray, IntArray

_BREAK: Final = ord("\n")
_BLANK: Final = ord(" ")
_TAB: Final = ord("\t")
_MARGIN: Final = b" " * LONGEST
"""Set before a text whose first sample ends before what is loaded of a tail."""
_PIECE: Final = 1 << 18
_SLACK: Final = 64
_MOVED_SHARE: Final = 16


class BulkChange(Struct, frozen=True, eq=False):
    """Another page of a shape: where the tails of its samples end, how long their heads are, and what is in the tails.

    `samples` have other tails than in the page before; `moved` tails have another length than in the page that gave the
    shape. All tails are `seen`.
    """

    samples: IntArray
    seen: Tails
    moved: int
    _text: bytes
    _ends: IntArray
    _heads: IntArray

    def numbers(self, some: IntArray) -> Numbers:
        """The tails of these samples as numbers."""
        return numbers(self.seen.of(some))

    def words(self, some: IntArray) -> list[bytes]:
        """The tails of these samples."""
        return self._cut(some, self.seen.lengths[some])

    def lines(self, some: IntArray) -> list[bytes]:
        """The lines of these samples."""
        return self._cut(some, self.seen.lengths[some] + self._heads[some])

    def _cut(self, some: IntArray, lengths: IntArray) -> list[bytes]:
        text, ends = self._text, self._ends[some]
        return [text[start:end] for start, end in zip((ends - lengths).tolist(), ends.tolist(), strict=True)]


class BulkShape:
    """Made by `bulk_shape_of`, of a large stretch of a page.

    `odd: bool[N]` are samples whose head is a key alone, since no single blank is behind it.
    """

    def __init__(self, body: bytes, ends: IntArray, sampled: BoolArray, heads: IntArray, odd: BoolArray) -> None:
        self.odd = odd
        self._sampled = np.flatnonzero(sampled)
        self._least = sampled.astype(np.int64)
        self._heads = heads[sampled]
        self._spans = heads + 1  # from one line's end to the next one's tail
        lengths = _tail_lengths(ends, self._spans)
        self._to, self._from = ends, ends - lengths
        self._margin = _MARGIN if len(body) < LONGEST or (ends[self._sampled[:1]] < LONGEST).any() else b""
        self._size = len(body)
        self._pieces, self._firsts = _pieces(body, self._from, self._to)
        self._usual: int | None = None

    def compare(self, body: bytes, seen: Tails) -> BulkChange | None:
        """What has changed since these tails; None if that is more than tails."""
        ends = line_ends(body)
        if len(ends) != len(self._to):
            return None
        lengths = _tail_lengths(ends, self._spans)
        if (lengths < self._least).any():
            return None
        moved = np.flatnonzero(lengths != self._to - self._from)
        if not self._least[moved].all() or not self._same(body, moved, ends[moved]):
            return None
        found = self.tails(body, ends, lengths)
        samples = np.flatnonzero(found.differ(seen))
        ends = ends[self._sampled] + len(self._margin)
        return BulkChange(samples, found, len(moved), self._margin + body, ends, self._heads)

    def tails(self, body: bytes, ends: IntArray, lengths: IntArray) -> Tails:
        """The tails of all samples in a text whose lines end there, with tails of these lengths."""
        text = np.frombuffer(self._margin + body, np.uint8)
        return tails(text, ends[self._sampled] + len(self._margin), lengths[self._sampled])

    def near(self, change: BulkChange) -> bool:
        """Whether the lengths of its tails are near enough to the shape's own for comparing to be cheap."""
        if self._usual is None:
            self._usual = change.moved
        return change.moved <= 2 * self._usual + len(self._to) // _MOVED_SHARE + _SLACK

    def _same(self, body: bytes, moved: IntArray, ends: IntArray) -> bool:
        """Whether all heads are those of the shape; `ends` is where the tails of another length end in this page."""
        to = self._to[moved]
        stops, resumes, shifts = self._from[moved].tolist(), to.tolist(), (ends - to).tolist()
        if self._size + (shifts[-1] if shifts else 0) != len(body):
            return False
        source, shift, low = memoryview(body), 0, 0
        for piece, high in zip(self._pieces, moved.searchsorted(self._firsts).tolist(), strict=True):
            jumps = zip(stops[low:high], resumes[low:high], shifts[low:high], strict=True)
            if not piece.is_in(source, shift, list(jumps)):
                return False
            shift, low = shifts[high - 1] if high else 0, high
        return True


class _Piece:
    """Some lines of the page that gave a shape, from `start` up to `stop`, their tails (at these places) blanked."""

    def __init__(self, start: int, text: Bytes, places: IntArray) -> None:
        self.start, self.stop = start, start + len(text)
        self._heads = text.copy()
        self._heads[places] = 0  # no text holds a NUL

    def is_in(self, source: memoryview, shift: int, jumps: list[tuple[int, int, int]]) -> bool:
        """Whether these heads are in another page, so far behind their places here.

        A jump is a tail of another length: where it begins here, where it ends, and how far behind all is from there.
        """
        room = np.empty_like(self._heads)  # what lies in tails does not count
        target, base, at = memoryview(room), self.start, self.start  # type: ignore[arg-type]  # arrays are buffers
        for stop, resume, later in jumps:
            target[at - base : stop - base] = source[at + shift : stop + shift]
            at, shift = resume, later
        target[at - base : self.stop - base] = source[at + shift : self.stop + shift]
        same = room == self._heads
        same |= self._heads == 0
        return bool(same.all())


def bulk_shape_of(body: bytes, page: Page) -> tuple[BulkShape, Tails] | None:
    """The shape of a text without NULs, and its tails. None where lines are not entries: label values break them."""
    if b"\n" in b"".join(page.keys):
        return None
    ends = line_ends(body)
    starts = np.concatenate((np.zeros(1, np.int64), ends[:-1] + 1))[: len(ends)]
    text = np.frombuffer(body + b"\n", np.uint8)
    first = text[starts]
    sampled = (first != _BREAK) & (first != ord("#"))
    if int(np.count_nonzero(sampled)) != len(page.keys):
        return None
    sizes = np.fromiter(map(len, page.keys), np.int64, len(page.keys))
    behind = np.minimum(starts[sampled] + sizes, ends[sampled])
    after = text[np.minimum(behind + 1, ends[sampled])]
    odd = (text[behind] != _BLANK) | (after == _BLANK) | (after == _TAB) | (after == _BREAK)
    heads = ends - starts
    heads[sampled] = np.where(odd, sizes, sizes + 1)
    shape = BulkShape(body, ends, sampled, heads, odd)
    return shape, shape.tails(body, ends, ends - starts - heads)


def line_ends(body: bytes) -> IntArray:
    """Where lines end: at their line break, the last one perhaps at the end of the page."""
    text = np.frombuffer(body, np.uint8)
    found = [_breaks(text[at : at + _PIECE]) + at for at in range(0, len(text), _PIECE)]
    if body and not body.endswith(b"\n"):
        found.append(np.array([len(body)]))
    return found[0] if len(found) == 1 else np.concatenate([np.empty(0, np.int64), *found])


def _breaks(text: Bytes) -> IntArray:
    """Where the line breaks are. Eight bytes are looked at at once, since most of them hold none."""
    found = text == _BREAK
    whole = len(found) // WORD * WORD
    words = found[:whole].view(np.uint64)
    hits = np.flatnonzero(words != 0)
    marks = words[hits]
    if np.count_nonzero(marks & (marks - np.uint64(1))):  # very short lines
        return np.flatnonzero(found)
    hits *= WORD
    hits += (np.frexp(marks.astype(np.float64))[1] - 1) >> 3
    rest = found[whole:].nonzero()[0]
    return np.concatenate((hits, rest + whole)) if len(rest) else hits


def _tail_lengths(ends: IntArray, spans: IntArray) -> IntArray:
    lengths = ends - spans
    lengths[:1] += 1
    lengths[1:] -= ends[:-1]
    return lengths


def _pieces(body: bytes, starts: IntArray, ends: IntArray) -> tuple[list[_Piece], IntArray]:
    """The lines of a page in pieces, and the line behind each; tails lie between these starts and ends."""
    text = np.frombuffer(body, np.uint8)
    cuts = np.unique(np.append(ends.searchsorted(np.arange(_PIECE, len(text), _PIECE)), len(ends)))
    pieces, line, at = [], 0, 0
    for cut in cuts.tolist():
        stop = int(ends[cut - 1]) + 1 if cut < len(ends) else len(text)
        pieces.append(_Piece(at, text[at:stop], _inside(starts[line:cut] - at, ends[line:cut] - starts[line:cut])))
        line, at = cut, stop
    return pieces, cuts


def _inside(starts: IntArray, lengths: IntArray) -> IntArray:
    """The places in all of these spans."""
    before = np.cumsum(lengths) - lengths
    return np.repeat(starts - before, lengths) + np.arange(int(lengths.sum()))
