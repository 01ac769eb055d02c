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
from engine.logql.search.occurrences import occurrences
from engine.logql.search.patterns import look
from engine.logql.search.text import Text
from engine.logql.syntax.ast import LineFilter, Needle
from promql.model.types import BoolArray, IntArray

_FEW: Final = 16
"""Where not more than one line in so many is left, lines are looked at one by one."""
_FEWER: Final = 64
"""A literal that a pattern needs helps where not more than one line in so many holds it."""
_ALTERNATIVES: Final = 4
_MANY: Final = 16
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


class Literal(Search):
    """Some bytes. Where there are few, RE2 finds them in half the time of `bytes.find`; many are found at once."""

    def __init__(self, needle: bytes) -> None:
        self._needle = needle
        self._search: Any = Regex(re.escape(needle.decode()), anchored=False).searcher()

    def holds(self, line: bytes) -> bool:
        return self._needle in line

    def find(self, text: Text) -> IntArray:
        if not self._needle:
            return np.arange(text.count)
        if b"\n" in self._needle:
            return self._across(text)
        places = _places(self._search, text.whole, _MANY)
        if len(places) < _MANY:
            return text.at(np.array(places, np.int64))
        return text.at(occurrences(text.whole, self._needle))

    def some(self, text: Text, most: int) -> IntArray | None:
        """The lines of the block that hold it, where they are no more than so many; for a needle of one line."""
        places = _places(self._search, text.whole, most + 1)
        return text.at(np.array(places, np.int64)) if len(places) <= most else None

    def _across(self, text: Text) -> IntArray:
        """A needle that holds a line feed must not reach over the end of a line."""
        return self.each(text, text.folded)


class Pattern(Search):
    """A regular expression, found anywhere in a line."""

    def __init__(self, pattern: str) -> None:
        self._search: Any = Regex(pattern, anchored=False).searcher()
        found = look(pattern)
        self._within: Any = Regex(found.within, anchored=False).searcher() if found.within else None
        self._required = Literal(found.required.encode()) if found.required else None

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


def _places(search: Any, text: bytes, most: int | None = None) -> list[int]:
    """Where matches are, one between two line feeds at most, up to so many."""
    at = 0
    places: list[int] = []
    while (most is None or len(places) < most) and (found := search(text, at)) is not None:
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
