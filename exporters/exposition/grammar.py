"""What the parsers of the two text formats share: a scan with one regular expression, then all numbers at once.

Law: the regular expression of a format takes exactly what the format allows, entry by entry, so that a page
without a fault is never looked at token by token. Where it stops, the format walks the tokens of that one entry
with a `Lexer` to say what is wrong. Groups that repeat are possessive: nothing backtracks.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Callable, Mapping, Sequence
from typing import Final, TypeAlias

import numpy as np
from msgspec import Struct, field

from exporters.exposition.numbers import NumberError, parse_floats
from exporters.exposition.page import Exemplar, ExpositionError, Metadata, Page
from promql.model.types import FloatArray

INVALID: Final = "INVALID"
BAD_UTF8: Final = "invalid UTF-8 label value"
BAD_HELP: Final = "help text is not a valid utf8 string"

Token: TypeAlias = tuple[str, re.Pattern[bytes], str]
"""A token's name, what it looks like, and the state that follows it."""


def token(name: str, pattern: bytes, then: str) -> Token:
    return name, re.compile(pattern), then  # noqa: TID251 - ours, linear


class Fault(Exception):  # noqa: N818 - a step of the parse, turned into ExpositionError
    """What is wrong, in Prometheus's words."""


class Lexer:
    """The tokens of one entry as the originals' lexers cut them; `state` names the table's row that applies."""

    def __init__(self, table: Mapping[str, Sequence[Token]], body: bytes, position: int, blanks: bytes = b"") -> None:
        self._table = table
        self._body = body
        self._blanks = frozenset(blanks)
        self.position = position
        self.state = "start"
        self.text = b""

    def next(self) -> str:
        """The next token's name; INVALID where none fits."""
        while self.position < len(self._body) and self._body[self.position] in self._blanks:
            self.position += 1
        for name, pattern, then in self._table[self.state]:
            found = pattern.match(self._body, self.position)
            if found is not None:
                self.text, self.position, self.state = found[0], found.end(), then
                return name
        return INVALID

    def expect(self, wanted: str, message: str) -> None:
        """Raises Fault with the message and what stands there instead."""
        if (found := self.next()) != wanted:
            raise Fault(f'{message}, got "{found}"')

    def label(self) -> None:
        """What follows a label's name. Raises Fault."""
        self.expect("EQUAL", "expected equal")
        self.expect("LVALUE", "expected label value")
        if not is_utf8(self.text):
            raise Fault(BAD_UTF8)


def is_utf8(text: bytes) -> bool:
    try:
        text.decode()
    except UnicodeDecodeError:
        return False
    return True


class Columns(Struct):
    """A page while it is read: raw values, not yet numbers. `stamps` (ms) belong to the samples `stamped`."""

    keys: list[bytes] = field(default_factory=list)
    values: list[bytes] = field(default_factory=list)
    stamped: list[int] = field(default_factory=list)
    stamps: list[int] = field(default_factory=list)
    metadata: dict[str, Metadata] = field(default_factory=dict)
    exemplars: list[Exemplar] = field(default_factory=list)

    def describe(
        self, name: bytes, *, type_: str | None = None, help_: str | None = None, unit: str | None = None
    ) -> None:
        """Add what one comment says of a family."""
        family = name.decode()
        self.metadata[family] = Metadata(type_, help_, unit).over(self.metadata.get(family, Metadata()))

    def finish(self, fault: str | None) -> Page:
        """The page. Raises ExpositionError with what stood before the first fault, which may be a bad number."""
        try:
            values = parse_floats(self.values)
        except NumberError as error:
            values, fault = parse_floats(self.values[: error.index]), str(error)
        page = self._page(values)
        if fault is not None:
            raise ExpositionError(fault, page)
        return page

    def _page(self, values: FloatArray) -> Page:
        count = len(values)
        keys = self.keys if count == len(self.keys) else self.keys[:count]
        exemplars = [e for e in self.exemplars if e.sample < count]
        marks = bisect_left(self.stamped, count)
        if not marks:
            return Page(keys, values, None, None, self.metadata, exemplars)
        timestamps, stamped = np.zeros(count, np.int64), np.zeros(count, np.bool_)
        where = self.stamped[:marks]
        timestamps[where], stamped[where] = self.stamps[:marks], True
        return Page(keys, values, timestamps, stamped, self.metadata, exemplars)


def read_page(scan: Callable[[bytes, Columns], None], body: bytes) -> Page:
    """What the scan makes of the bytes. Raises ExpositionError with what stood before the first fault."""
    columns = Columns()
    try:
        scan(body, columns)
    except (Fault, NumberError) as error:
        return columns.finish(str(error))
    return columns.finish(None)
