"""Line filters over whole blocks.

Law: what a filter selects of a block is what it selects line by line (tests/logql/search holds that with a slow twin).
Few lines that are left of others' filters are looked at one by one, many by searching the text of the block.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from typing import Any, Final

import numpy as np

from engine.foundation.regexes import Regex
from engine.logql.pipeline.captures import LinePattern
from engine.logql.pipeline.ip import Addresses
from engine.logql.search.occurrences import Buffer, occurrences
from engine.logql.search.patterns import Found, look
from engine.logql.search.text import LOWER, Text
from engine.logql.syntax.ast import LineFilter, Needle
from promql.model.types import BoolArray, IntArray

_FEW: Final = 16
"""Where not more than one line in so many is left, lines are looked at one by one."""
_FEWER: Final = 64
"""A literal that a pattern needs helps where not more than one line in so many holds it."""
_ALTERNATIVES: Final = 4
_ENOUGH: Final = 4
"""Bytes that are looked for as they are, though more is known of a pattern in small letters."""
_MANY: Final = 8
"""Lines of a block that hold a literal, from which on they are looked for all at once."""


class Search(ABC):
    """Something that a line holds, or not."""

    @abstractmethod
    def holds(self, line: bytes) -> bool: ...

    @abstractmethod
    def find(self, text: Text) -> IntArray:
        """All lines of the block that hold it, ascending."""

    def among(self, text: Text, index: IntArray) -> IntArray:
        """Those of an index that hold it."""
        if len(index) * _FEW <= text.count:
            return self.each(text, index)
        found = self.find(text)
        return found if len(index) == text.count else index[_mask(text, found)[index]]

    def each(self, text: Text, index: IntArray) -> IntArray:
        """The same, line by line."""
        holds = self.holds
        return index[np.fromiter(map(holds, text.lines(index)), np.bool_, len(index))]


class _Needle:
    """Some bytes of one line. Where there are few, RE2 finds them in half the time of `bytes.find`; many are found at
    once. `cased` ones are looked for in the text in small letters, and what is found may be something else.
    """

    def __init__(self, needle: bytes, *, cased: bool = False) -> None:
        self._needle = bytes(byte | int(LOWER) for byte in needle) if cased else needle
        self._cased = cased
        self._search: Any = Regex(re.escape(self._needle.decode()), anchored=False).searcher()

    def find(self, text: Text) -> IntArray:
        """The lines of the block that hold it."""
        places = _places(self._search, text.whole, _MANY, self._where(text))
        if len(places) < _MANY:
            return text.at(np.array(places, np.int64))
        return text.at(occurrences(self._where(text), self._needle))

    def some(self, text: Text, most: int) -> IntArray | None:
        """The same, where they are no more than so many."""
        places = _places(self._search, text.whole, most + 1, self._where(text))
        return text.at(np.array(places, np.int64)) if len(places) <= most else None

    def _where(self, text: Text) -> Buffer:
        return text.lowered if self._cased else text.whole


class Literal(Search):
    """Some bytes."""

    def __init__(self, needle: bytes) -> None:
        self._bytes = needle
        self._needle = _Needle(needle)

    def holds(self, line: bytes) -> bool:
        return self._bytes in line

    def find(self, text: Text) -> IntArray:
        if not self._bytes:
            return np.arange(text.count)
        if b"\n" in self._bytes:
            return self._across(text)
        return self._needle.find(text)

    def _across(self, text: Text) -> IntArray:
        """A needle that holds a line feed must not reach over the end of a line."""
        return self.each(text, text.folded)


class Pattern(Search):
    """A regular expression, found anywhere in a line."""

    def __init__(self, pattern: str) -> None:
        self._search: Any = Regex(pattern, anchored=False).searcher()
        found = look(pattern)
        self._within: Any = Regex(found.within, anchored=False).searcher() if found.within else None
        self._required = _required(found)

    def holds(self, line: bytes) -> bool:
        return self._search(line) is not None

    def find(self, text: Text) -> IntArray:
        if self._required is not None:
            some = self._required.some(text, text.count // _FEWER)
            if some is not None:
                return self.each(text, some)
            if self._within is None:
                return self.each(text, self._required.find(text))
        if self._within is None:
            return self.each(text, np.arange(text.count))
        found = text.at(np.array(_places(self._within, text.whole), np.int64))
        if not len(text.folded):
            return found
        return np.union1d(np.setdiff1d(found, text.folded), self.each(text, text.folded))


def _required(found: Found) -> _Needle | None:
    """What is looked for first. Few bytes stand in too many lines, and whole words seldom do, however written."""
    if len(found.required) < min(_ENOUGH, len(found.cased)):
        return _Needle(found.cased.encode(), cased=True)
    return _Needle(found.required.encode()) if found.required else None


def _places(search: Any, text: bytes, most: int | None = None, where: Buffer | None = None) -> list[int]:
    """Where matches are, one between two line feeds at most, up to so many; `where` else than in the text itself."""
    where = text if where is None else where
    at = 0
    places: list[int] = []
    while (most is None or len(places) < most) and (found := search(where, at)) is not None:
        place = found.start()
        at = text.find(b"\n", place) + 1
        if not at:
            break
        places.append(place)
    return places


class AnyOf(Search):
    """One of several."""

    def __init__(self, searches: list[Search]) -> None:
        self._searches = searches

    def holds(self, line: bytes) -> bool:
        return any(one.holds(line) for one in self._searches)

    def find(self, text: Text) -> IntArray:
        mask = _mask(text, *(one.find(text) for one in self._searches))
        return np.flatnonzero(mask)


class Whole(Search):
    """A pattern of literals and blanks to fill, over the whole line."""

    def __init__(self, pattern: str) -> None:
        self._pattern = LinePattern(pattern)
        literals = self._pattern.literals
        self._longest = Literal(max(literals, key=len)) if literals else None

    def holds(self, line: bytes) -> bool:
        return self._pattern.matches(line)

    def find(self, text: Text) -> IntArray:
        return self.each(text, np.arange(text.count) if self._longest is None else self._longest.find(text))


class Address(Search):
    """An address of some network."""

    def __init__(self, pattern: str) -> None:
        self._addresses = Addresses(pattern)

    def holds(self, line: bytes) -> bool:
        return self._addresses.contains(line)

    def find(self, text: Text) -> IntArray:
        return self.each(text, np.arange(text.count))


class Filter:
    """One line filter. Raises ValueError, RegexError for what it can't look for."""

    def __init__(self, stage: LineFilter) -> None:
        self._search = either([_search(stage.op[1], needle) for needle in stage.needles])
        self._without = stage.op[0] == "!"

    def select(self, text: Text, index: IntArray) -> IntArray:
        """Those lines of an index that stay."""
        found = self._search.among(text, index)
        return index[~_mask(text, found)[index]] if self._without else found

    def keeps(self, line: bytes) -> bool:
        return self._search.holds(line) is not self._without


def _mask(text: Text, *found: IntArray) -> BoolArray:
    """`bool[lines]`: which are among those found."""
    mask = np.zeros(text.count, np.bool_)
    for one in found:
        mask[one] = True
    return mask


def either(searches: list[Search]) -> Search:
    return searches[0] if len(searches) == 1 else AnyOf(searches)


def _search(kind: str, needle: Needle) -> Search:
    if needle.is_ip:
        return Address(needle.text)
    if kind == ">":
        return Whole(needle.text)
    if kind == "=":
        return Literal(needle.text.encode())
    literals = look(needle.text).literals
    if 0 < len(literals) <= _ALTERNATIVES:
        Regex(needle.text, anchored=False)
        return either([Literal(one.encode()) for one in literals])
    return Pattern(needle.text)
