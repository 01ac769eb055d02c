"""The cheap parse: what the last page of a target tells about the next one.

A page's keys rarely change between scrapes, and many values do not either. A layout remembers a page's lines;
the next page is split, compared line by line with `map(ne, ...)`, and only the lines that changed are looked
at: the same key, one blank, a plain number (and in the older format one more blank and a time). Lines of any
other shape are read with the format's grammar, but only they. Whatever else is found (a line more, another key,
a changed comment) means a full parse, and a new layout.

Law: `layout.parse(body)` is what a full parse of `body` gives, or raises, for any two pages.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import compress, count, repeat
from operator import attrgetter, ne
from typing import Final

import numpy as np

from exporters.exposition.numbers import PLAIN, NumberError, parse_floats
from exporters.exposition.openmetrics import parse_openmetrics
from exporters.exposition.page import Exemplar, ExpositionError, Page
from exporters.exposition.text import parse_text
from promql.model.types import BoolArray, FloatArray, IntArray

_SAFE_DIGITS: Final = 18  # under these, any whole number fits 64 bits


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


@dataclass(frozen=True, slots=True, eq=False)
class _Known:
    """A page taken apart. `sample_of[line]` is the index of the sample on that line, or -1."""

    lines: list[bytes]
    sample_of: IntArray
    page: Page


class Layout:
    """What is known of one target's pages in one format. Owned by one caller at a time."""

    def __init__(self, form: Format) -> None:
        self._format = form
        self._known: _Known | None = None

    def parse(self, body: bytes) -> Page:
        """The page. Raises ExpositionError, and then keeps what it knew."""
        lines = body.split(b"\n")
        page = None if self._known is None else self._update(self._known, lines)
        if page is None:
            page = self._format.parse(body)
            self._known = _take_apart(body, lines, page)
        return page

    def _update(self, known: _Known, lines: list[bytes]) -> Page | None:
        if len(lines) != len(known.lines):
            return None
        changed = list(compress(count(), map(ne, lines, known.lines)))
        if not changed:
            return known.page
        samples = known.sample_of[changed]
        if samples.min() < 0:
            return None
        page = self._changed(known.page, samples, [lines[i] for i in changed])
        if page is not None:
            self._known = _Known(lines, known.sample_of, page)
        return page

    def _changed(self, old: Page, samples: IntArray, lines: list[bytes]) -> Page | None:
        keys = [old.keys[i] for i in samples.tolist()]
        if (part := plain_part(keys, lines, stamps=self._format.whole_stamps)) is not None:
            return _patched(old, samples, part)
        try:
            part = self._format.parse(b"\n".join(lines) + b"\n" + self._format.tail)
        except ExpositionError:
            return None
        return _patched(old, samples, part) if part.keys == keys else None


def plain_part(keys: list[bytes], lines: list[bytes], *, stamps: bool) -> Page | None:
    """Lines that are nothing but their key, one blank and a number (and, all or none of them, a whole time stamp).

    None if any line is more than that, or wrong.
    """
    rests = list(map(bytes.removeprefix, lines, keys))
    joined = b"," + b",".join(rests)
    if len(joined) != sum(map(len, lines)) - sum(map(len, keys)) + len(rests):
        return None  # some line did not begin with its key, and kept its whole length
    if not joined.count(b",") == joined.count(b", ") == len(rests):
        return None  # after some key there is no blank
    blanks = set(map(bytes.count, rests, repeat(b" ")))
    try:
        if blanks == {1}:
            return Page(keys, _numbers(joined, rests))
        if blanks == {2} and stamps:
            return _stamped_part(keys, b"".join(rests).split(b" ")[1:])
    except ValueError:
        return None
    return None


def _numbers(joined: bytes, rests: list[bytes]) -> FloatArray:
    if joined.translate(None, PLAIN + b" ,"):
        return parse_floats([rest[1:] for rest in rests])
    values = np.fromiter(map(float, rests), np.float64, len(rests))
    if not np.isfinite(values).all():
        raise NumberError("value out of range")
    return values


def _stamped_part(keys: list[bytes], words: list[bytes]) -> Page:
    stamps = words[1::2]
    if b"" in stamps or b"".join(stamps).translate(None, b"0123456789") or max(map(len, stamps)) > _SAFE_DIGITS:
        raise NumberError("not a plain time stamp")
    times = np.fromiter(map(int, stamps), np.int64, len(stamps))
    return Page(keys, parse_floats(words[::2]), times, np.ones(len(stamps), np.bool_))


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


def _take_apart(body: bytes, lines: list[bytes], page: Page) -> _Known | None:
    """None for a page whose lines are not its entries: a NUL may end it early, a label value may hold a line break."""
    holds = np.fromiter((line[:1] not in (b"", b"#") for line in lines), np.bool_, len(lines))
    if b"\0" in body or holds.sum() != len(page.keys) or any(b"\n" in key for key in page.keys):
        return None
    return _Known(lines, np.where(holds, np.cumsum(holds) - 1, -1), page)
