"""A stretch of a page: whole lines that follow each other, and how the next page's are read by what they were last.

A stretch remembers its shape and the bytes of its values; where its lines have the same shape again, only values that
changed are looked at: plain numbers all at once, what stands there else (infinities, time stamps, exemplars) with
Python's conversions or the format's grammar. Whatever else is found (a line more, another key, a changed comment)
means that it is parsed anew; of a small one only the lines between the first and the last that is not known.

Law: what `Stretches.again` gives is what a full parse of the text gives.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import repeat
from operator import attrgetter
from typing import Any, Final, Protocol

import numpy as np
from msgspec import Struct
from msgspec.structs import replace

from exporters.exposition.bulk import Numbers
from exporters.exposition.lines import LineShape, holding, line_shape_of
from exporters.exposition.numbers import NumberError, parse_floats
from exporters.exposition.page import EMPTY_PAGE, Exemplar, ExpositionError, Page, joined
from exporters.exposition.shape import bulk_shape_of
from promql.model.types import BoolArray, IntArray

_SAFE_DIGITS: Final = 18  # under these, any whole number fits 64 bits


class Format(Struct, frozen=True):
    """A format as layouts need it: its parser, what must follow lines that are not the last ones of a page, and
    whether its time stamps are whole milliseconds.
    """

    parse: Callable[[bytes], Page]
    tail: bytes
    whole_stamps: bool


class Change(Protocol):
    """Other values in a shape: those of `samples` differ from the ones before. `seen` is what to compare with next."""

    @property
    def samples(self) -> IntArray: ...

    @property
    def seen(self) -> Any: ...

    def numbers(self, some: IntArray, /) -> Numbers | None: ...

    def words(self, some: IntArray, /) -> list[bytes]: ...

    def lines(self, some: IntArray, /) -> list[bytes]: ...


class Shape(Protocol):
    """All of a stretch but its values; see `BulkShape` and `LineShape`."""

    @property
    def odd(self) -> BoolArray: ...

    def compare(self, text: bytes, seen: Any, /) -> Change | None: ...

    def near(self, change: Any, /) -> bool: ...


class Stretch(Struct, frozen=True, eq=False):
    """What a stretch was last: `page` is what it held, `seen` what its shape compares with, `size` its bytes, `first`
    its first line, without the value.

    The last one of a page is the only one that may hold the mark of its end. Where the shape is None, lines are not
    entries, and it is parsed each time.
    """

    shape: Shape | None
    seen: Any
    page: Page
    size: int
    first: bytes
    last: bool


class Stretches:
    """Reads stretches in one format: those of `large` bytes or more by comparing them in bulk, and `many` numbers or
    more by reading them in bulk. No stretch holds a NUL.
    """

    def __init__(self, form: Format, *, large: int, many: int) -> None:
        self._format = form
        self._large = large
        self._many = many

    def new(self, text: bytes, *, last: bool) -> Stretch:
        """Parse it. Raises ExpositionError."""
        return self._known(text, self._format.parse(text if last else text + self._format.tail), last=last)

    def again(self, known: Stretch, text: bytes, *, last: bool) -> Stretch | None:
        """What is there now, if it is known but for values (and, where it is small, some lines)."""
        if known.shape is None or known.last != last:
            return None
        if (change := known.shape.compare(text, known.seen)) is not None:
            return self._other_values(known, known.shape, change, text)
        if isinstance(known.shape, LineShape) and (mended := self._mended(known, known.shape, text)) is not None:
            return self.again(mended, text, last=last)
        return None

    def _known(self, text: bytes, page: Page, *, last: bool) -> Stretch:
        shape: Shape | None
        seen: Any
        if len(text) >= self._large:
            shape, seen = bulk_shape_of(text, page) or (None, None)
        else:
            seen = text.split(b"\n")
            shape = line_shape_of(seen, page)
        line = text[: text.find(b"\n") + 1]
        first = page.keys[0] if page.keys and line.startswith(page.keys[0]) else line
        return Stretch(shape, seen, page, len(text), first, last)

    def _other_values(self, known: Stretch, shape: Shape, change: Change, text: bytes) -> Stretch | None:
        page = self._changed(known.page, shape, change) if len(change.samples) else known.page
        if page is None:
            return None
        if shape.near(change):
            return replace(known, seen=change.seen, page=page, size=len(text))
        return self._known(text, page, last=known.last)

    def _changed(self, page: Page, shape: Shape, change: Change) -> Page | None:
        """The page with new values; None if one of the lines that changed is more than a value, and wrong."""
        samples = change.samples
        odd = shape.odd[samples]
        if page.stamped is None and len(samples) >= self._many and (read := change.numbers(samples)) is not None:
            plain = read.plain & ~odd
            page = _patched(page, samples[plain], Page([], read.values[plain]))
            samples, odd = samples[~plain], odd[~plain]
        if not len(samples):
            return page
        part = None if odd.any() else words_part(change.words(samples), stamps=self._format.whole_stamps)
        part = part or self._part(change.lines(samples), [page.keys[i] for i in samples.tolist()])
        return None if part is None else _patched(page, samples, part)

    def _part(self, lines: list[bytes], keys: list[bytes] | None = None) -> Page | None:
        """Whole lines by the format's grammar; None if they are wrong, or have not these keys."""
        try:
            part = self._format.parse(b"\n".join(lines) + b"\n" + self._format.tail)
        except ExpositionError:
            return None
        return part if keys is None or part.keys == keys else None

    def _mended(self, known: Stretch, shape: LineShape, text: bytes) -> Stretch | None:
        """The lines of the text as they were last, and those that are new. None if it has other comments."""
        lines, seen = text.split(b"\n"), known.seen
        holds, samples = holding(lines), shape.recognised(lines)
        comments, fresh = np.flatnonzero(shape.sample_of < 0), np.flatnonzero(holds & (samples < 0))
        if [seen[i] for i in comments.tolist()] != [lines[i] for i in np.flatnonzero(~holds).tolist()]:
            return None
        new = [lines[i] for i in fresh.tolist()]
        part = self._part(new) if new else EMPTY_PAGE
        if part is None or (more := line_shape_of(new, part)) is None:
            return None
        order = np.empty(len(lines), np.int64)
        order[~holds], order[fresh] = comments, len(seen) + np.arange(len(new))
        order[samples >= 0] = np.flatnonzero(shape.sample_of >= 0)[samples[samples >= 0]]
        both, seen = shape.joined(more), [*seen, *new]
        page = joined([replace(known.page, metadata={}), part]).taken(both.samples_on(order))
        page = replace(page, metadata=known.page.metadata)
        return replace(known, shape=both.taken(order), seen=[seen[i] for i in order.tolist()], page=page)


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
