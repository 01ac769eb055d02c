"""A look at a target's page as it is now: what it answers, and the first line that can't be read.

Nothing of it is kept as samples. The page is fetched as a scrape fetches it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np
from msgspec import Struct

from engine.scrape.loop import LAYOUTS, Pages
from engine.scrape.ports import Fetched
from exporters.exposition.negotiate import Format
from exporters.exposition.page import ExpositionError

SHOWN_BYTES: Final = 64 * 1024
_BEFORE: Final = 20
"""Lines that are shown before the bad one."""


class Look(Struct, frozen=True, kw_only=True):
    """`text` begins at line `first` of a page of `size` bytes; `line` is the bad one, 0 where all can be read."""

    error: str = ""
    content_type: str
    size: int
    first: int
    line: int
    text: str
    cut: bool


def look_at(fetched: Fetched, form: Format) -> Look:
    """Costs several parses of a page that breaks its format. Raises FetchError where it can't be decompressed."""
    body, layout = fetched.page(), LAYOUTS[form]
    error = _fault(layout, body)
    binary = form is Format.PROTOBUF
    line = 0 if binary or not error else _first_bad(layout, body)
    first = max(1, line - _BEFORE)
    text = b"" if binary else body[_start(body, first) :]
    shown = text[:SHOWN_BYTES]
    return Look(
        error=error,
        content_type=fetched.content_type,
        size=len(body),
        first=first,
        line=line,
        text=shown.decode("utf-8", "replace"),
        cut=len(shown) < len(text),
    )


def _fault(layout: Callable[[], Pages], body: bytes) -> str:
    try:
        layout().parse(body)
    except ExpositionError as error:
        return str(error)
    return ""


def _first_bad(layout: Callable[[], Pages], body: bytes) -> int:
    """The number of the line at which the page stops to be readable: of its beginnings, the shortest that is refused.

    A beginning may lack the end that OpenMetrics demands, so it is given one.
    """
    ends = np.flatnonzero(np.frombuffer(body, np.uint8) == ord("\n"))
    tail = b"# EOF\n" if layout is LAYOUTS[Format.OPENMETRICS] else b""
    good, bad = 0, len(ends) + 1  # the last may lack its end
    while bad - good > 1:
        middle = (good + bad) // 2
        if _fault(layout, body[: int(ends[middle - 1]) + 1] + tail):
            bad = middle
        else:
            good = middle
    return bad


def _start(body: bytes, line: int) -> int:
    """Where a line begins."""
    at = 0
    for _ in range(line - 1):
        at = body.find(b"\n", at) + 1
    return at
