"""The cheap parse: what the last page of a target tells about the next one.

A page's keys rarely change between scrapes, and many values do not either. A layout remembers the shape of a page and
the bytes of its values; where a page has the same shape, only values that changed are looked at: plain numbers all at
once, what stands there else (infinities, time stamps, exemplars) with Python's conversions or the format's grammar.
Whatever is found beside values (a line more, another key, a changed comment) means a full parse, and a new layout.

Law: `layout.parse(body)` is what a full parse of `body` gives, or raises, for any two pages.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import repeat
from operator import attrgetter
from typing import Any, Final, Protocol

import numpy as np

from exporters.exposition.bulk import Numbers
from exporters.exposition.lines import line_shape_of
from exporters.exposition.numbers import NumberError, parse_floats
from exporters.exposition.openmetrics import parse_openmetrics
from exporters.exposition.page import Exemplar, ExpositionError, Page
from exporters.exposition.shape import bulk_shape_of
from exporters.exposition.text import parse_text
from promql.model.types import BoolArray, IntArray

_SAFE_DIGITS: Final = 18  # under these, any whole number fits 64 bits
LARGE: Final = 128 * 1024
MANY: Final = 800  # from so many numbers on, all at once are faster than one by one


@dataclass(frozen=True, slots=True)
class Format:
    """A format as layouts need it: its parser, what must follow lines that are parsed alone, and whether its
    time stamps are whole milliseconds.
    """

    parse: Callable[[bytes], Page]
    tail: bytes
    whole_stamps: bool


TEXT: Final = Format(parse_text, b"", whole_stamps=True)
OPENMETRICS: Final = Format(parse_openmetrics, b"# EOF\n", whole_stamps=False)


class Change(Protocol):
    """Another page of a shape, as far as it differs from the one before: in the values of these samples."""

    @property
    def samples(self) -> IntArray: ...

    def numbers(self, some: IntArray, /) -> Numbers | None: ...

    def words(self, some: IntArray, /) -> list[bytes]: ...

    def lines(self, some: IntArray, /) -> list[bytes]: ...


class Shape(Protocol):
    """All of a page but its values, and what they were last; see `BulkShape` and `LineShape`."""

    odd: BoolArray

    def compare(self, body: bytes, /) -> Change | None: ...

    def accept(self, change: Any, /) -> bool: ...


@dataclass(frozen=True, slots=True, eq=False)
class _Known:
    """The last page and its shape."""

    shape: Shape
    page: Page


class Layout:
    """What is known of one target's pages in one format. Owned by one caller at a time.

    Pages of `large` bytes or more are compared in bulk, and `many` of their numbers or more are read in bulk.
    """

    def __init__(self, form: Format, *, large: int = LARGE, many: int = MANY) -> None:
        self._format = form
        self._large = large
        self._many = many
        self._known: _Known | None = None

    def parse(self, body: bytes) -> Page:
        """The page. Raises ExpositionError, and then keeps what it knew."""
        page = None if self._known is None else self._again(self._known, body)
        if page is None:
            page = self._format.parse(body)
            self._remember(body, page)
        return page

    def _remember(self, body: bytes, page: Page) -> None:
        shape = bulk_shape_of(body, page) if len(body) >= self._large else line_shape_of(body, page)
        self._known = None if shape is None else _Known(shape, page)

    def _again(self, known: _Known, body: bytes) -> Page | None:
        """The page, if only values are others in it."""
        if (change := known.shape.compare(body)) is None:
            return None
        page = self._changed(known, change) if len(change.samples) else known.page
        if page is None:
            return None
        if known.shape.accept(change):
            self._known = _Known(known.shape, page)
        else:
            self._remember(body, page)
        return page

    def _changed(self, known: _Known, change: Change) -> Page | None:
        """The page with new values; None if one of the lines that changed is more than a value, and wrong."""
        page, samples = known.page, change.samples
        odd = known.shape.odd[samples]
        if page.stamped is None and len(samples) >= self._many and (read := change.numbers(samples)) is not None:
            plain = read.plain & ~odd
            page = _patched(page, samples[plain], Page([], read.values[plain]))
            samples, odd = samples[~plain], odd[~plain]
        if not len(samples):
            return page
        part = None if odd.any() else words_part(change.words(samples), stamps=self._format.whole_stamps)
        part = part or self._lines_part([page.keys[i] for i in samples.tolist()], change.lines(samples))
        return None if part is None else _patched(page, samples, part)

    def _lines_part(self, keys: list[bytes], lines: list[bytes]) -> Page | None:
        """Whole lines with these keys, by the format's grammar."""
        try:
            part = self._format.parse(b"\n".join(lines) + b"\n" + self._format.tail)
        except ExpositionError:
            return None
        return part if part.keys == keys else None


def words_part(words: list[bytes], *, stamps: bool) -> Page | None:
    """Numbers, each alone or (all of them) with a blank and a whole time stamp behind it. None if there is else."""
    blanks = b"".join(words).count(b" ")
    try:
        if not blanks:
            return Page([], parse_floats(words))
        if stamps and blanks == len(words) and set(map(bytes.count, words, repeat(b" "))) == {1}:
            return _stamped_part(b" ".join(words).split(b" "))
    except ValueError:
        return None
    return None


def _stamped_part(words: list[bytes]) -> Page:
    stamps = words[1::2]
    if b"" in stamps or b"".join(stamps).translate(None, b"0123456789") or max(map(len, stamps)) > _SAFE_DIGITS:
        raise NumberError("not a plain time stamp")
    times = np.fromiter(map(int, stamps), np.int64, len(stamps))
    return Page([], parse_floats(words[::2]), times, np.ones(len(stamps), np.bool_))


def _patched(old: Page, samples: IntArray, part: Page) -> Page:
    """The old page with these samples replaced by the part's."""
    values = old.values.copy()
    values[samples] = part.values
    timestamps, stamped = _patched_times(old, samples, part)
    return Page(old.keys, values, timestamps, stamped, old.metadata, _patched_exemplars(old, samples, part))


def _patched_times(old: Page, samples: IntArray, part: Page) -> tuple[IntArray | None, BoolArray | None]:
    if old.timestamps is None and part.timestamps is None:
        return None, None
    size = len(old.keys)
    times = np.zeros(size, np.int64) if old.timestamps is None else old.timestamps.copy()
    stamped = np.zeros(size, np.bool_) if old.stamped is None else old.stamped.copy()
    times[samples] = 0 if part.timestamps is None else part.timestamps
    stamped[samples] = False if part.stamped is None else part.stamped
    return (times, stamped) if stamped.any() else (None, None)


def _patched_exemplars(old: Page, samples: IntArray, part: Page) -> list[Exemplar]:
    if not old.exemplars and not part.exemplars:
        return []
    replaced = set(samples.tolist())
    kept = [e for e in old.exemplars if e.sample not in replaced]
    new = [replace(e, sample=int(samples[e.sample])) for e in part.exemplars]
    return sorted(kept + new, key=attrgetter("sample"))
