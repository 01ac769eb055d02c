"""The cheap parse: what the last page of a target tells about the next one.

A page's keys rarely change between scrapes, and many values do not either. A layout remembers the page in stretches
of about a megabyte (see `stretch`). The next page is cut where they begin: each is looked for about where it was
before. So a page that changed in part pays for the stretches that changed; what is cut wrongly is only parsed anew.

Law: `layout.parse(body)` is what a full parse of `body` gives, or raises, for any two pages.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from msgspec.structs import replace

from exporters.exposition.openmetrics import parse_openmetrics
from exporters.exposition.page import EMPTY_PAGE, ExpositionError, Page, joined
from exporters.exposition.stretch import Format, Stretch, Stretches
from exporters.exposition.text import parse_text

LARGE: Final = 128 * 1024
MANY: Final = 800  # from so many numbers on, all at once are faster than one by one
SPAN: Final = 1024 * 1024
_EARLIER: Final = 8

TEXT: Final = Format(parse_text, b"", whole_stamps=True)
OPENMETRICS: Final = Format(parse_openmetrics, b"# EOF\n", whole_stamps=False)


class Layout:
    """What is known of one target's pages in one format. Owned by one caller at a time.

    Stretches of `large` bytes or more are compared in bulk, and `many` of their numbers or more are read in bulk; they
    have about `span` bytes.
    """

    def __init__(self, form: Format, *, large: int = LARGE, many: int = MANY, span: int = SPAN) -> None:
        self._format = form
        self._stretches = Stretches(form, large=large, many=many)
        self._span = span
        self._known: list[Stretch] = []
        self._page = EMPTY_PAGE

    def parse(self, body: bytes) -> Page:
        """The page. Raises ExpositionError, and then keeps what it knew."""
        found = None if b"\0" in body else self._found(body)  # a NUL may end a page early
        if found is None:
            return self._format.parse(body)
        self._page = self._joined(found)
        self._known = found
        return self._page

    def _found(self, body: bytes) -> list[Stretch] | None:
        """The stretches of a page; None if it is wrong, or one of its entries stands on several lines."""
        try:
            return list(self._read(_cut(body, self._known)))
        except ExpositionError:
            return None

    def _read(self, texts: Sequence[tuple[Stretch | None, bytes]]) -> Iterator[Stretch]:
        unknown: list[bytes] = []
        for nth, (known, text) in enumerate(texts, start=1):
            again = None if known is None else self._stretches.again(known, text, last=nth == len(texts))
            if again is None:
                unknown.append(text)
                continue
            yield from self._new(unknown, last=False)
            unknown = []
            yield again
        yield from self._new(unknown, last=True)

    def _new(self, texts: Sequence[bytes], *, last: bool) -> Iterator[Stretch]:
        pieces = list(_split(b"".join(texts), self._span)) if texts else []
        for nth, piece in enumerate(pieces, start=1):
            yield self._stretches.new(piece, last=last and nth == len(pieces))

    def _joined(self, found: Sequence[Stretch]) -> Page:
        """The page that these stretches are; what is in it as it was before is the same object."""
        before, known = self._page, self._known
        same = len(found) == len(known) and all(map(_same_keys, found, known))
        page = joined([stretch.page for stretch in found], before.keys if same else None)
        if page.metadata is before.metadata or page.metadata != before.metadata:
            return page
        return replace(page, metadata=before.metadata)


def _same_keys(one: Stretch, other: Stretch) -> bool:
    return one.page.keys is other.page.keys


def _cut(body: bytes, known: Sequence[Stretch]) -> list[tuple[Stretch | None, bytes]]:
    """The lines of a page by what they were last; those of a stretch whose beginning is gone go with the one before."""
    if not known:
        return [(None, body)]
    owners, starts, size = [known[0]], [0], known[0].size
    for stretch in known[1:]:
        found = _find(body, b"\n" + stretch.first, starts[-1], size) + 1
        if found:
            owners.append(stretch)
            starts.append(found)
            size = 0
        size += stretch.size
    return [
        (owner, body[start:end]) for owner, start, end in zip(owners, starts, [*starts[1:], len(body)], strict=True)
    ]


def _find(body: bytes, wanted: bytes, start: int, behind: int) -> int:
    """Where something is that was so far behind the start: most likely not much sooner. -1 where it is not."""
    found = body.find(wanted, start + behind - behind // _EARLIER)
    return found if found >= 0 else body.find(wanted, start)


def _split(text: bytes, span: int) -> Iterator[bytes]:
    """The same lines in pieces of about so many bytes."""
    at = 0
    while len(text) - at > 2 * span and (end := text.find(b"\n", at + span) + 1):
        yield text[at:end]
        at = end
    yield text[at:]
