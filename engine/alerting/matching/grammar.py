"""Which grammar matchers are read by, and what names labels may have.

Laws: unless told otherwise, what Alertmanager 0.25 reads means what it means there; the grammar of 0.27 reads what the
classic one refuses, and what both refuse is refused in the words of 0.25. Names are those of 0.25 as long as nothing in
the configuration has another one: a configuration that does was written for 0.27 or later.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from enum import Enum
from types import MappingProxyType
from typing import Final, TypeAlias, TypeVar

from engine.alerting.matching import classic, utf8
from engine.alerting.matching.text import MatcherError, format_matcher
from engine.foundation.regexes import RegexError
from engine.foundation.values import is_label_name
from promql.model.matchers import Matcher

T = TypeVar("T")
IsName: TypeAlias = Callable[[str], bool]


class Grammar(Enum):
    """The values are the flags of Alertmanager 0.27 and later; BOTH needs none."""

    CLASSIC = "classic-mode"
    BOTH = ""
    UTF8 = "utf8-strict-mode"

    def matchers(self, text: str) -> list[Matcher]:
        """A list, with or without braces. Raises MatcherError, RegexError."""
        return _first(_LISTS[self], text)

    def matcher(self, text: str) -> Matcher:
        """Exactly one. Raises MatcherError, RegexError."""
        return _first(_ONES[self], text)

    def names(self, used: Iterable[str]) -> IsName:
        """Whether a label may have a name, where the configuration uses these (an empty one is none)."""
        wide = self is Grammar.UTF8 or (self is Grammar.BOTH and not all(map(_is_classic, filter(None, used))))
        return is_name if wide else is_label_name


_LISTS: Final[Mapping[Grammar, Sequence[Callable[[str], list[Matcher]]]]] = MappingProxyType({
    Grammar.CLASSIC: [classic.parse_matchers],
    Grammar.BOTH: [classic.parse_matchers, utf8.parse_matchers],
    Grammar.UTF8: [utf8.parse_matchers],
})  # fmt: skip
_ONES: Final[Mapping[Grammar, Sequence[Callable[[str], Matcher]]]] = MappingProxyType({
    Grammar.CLASSIC: [classic.parse_matcher],
    Grammar.BOTH: [classic.parse_matcher, utf8.parse_matcher],
    Grammar.UTF8: [utf8.parse_matcher],
})  # fmt: skip


def is_name(text: str) -> bool:
    """Whether a label may have this name from Alertmanager 0.27 on: anything that is text."""
    return bool(text) and not any("\ud800" <= char <= "\udfff" for char in text)


def disagreement(text: str) -> str:
    """What becomes of a text that the classic grammar reads where the other one alone holds; empty if nothing else."""
    here = classic.parse_matchers(text)
    written = ",".join(map(format_matcher, here))
    try:
        there = utf8.parse_matchers(text)
    except MatcherError as error:
        return f"Alertmanager with utf8-strict-mode refuses it ({error}), but reads {written}"
    if here == there:
        return ""
    return (
        f"Alertmanager with utf8-strict-mode takes it for {','.join(map(format_matcher, there))}, here it is {written}"
    )


def _first(parsers: Sequence[Callable[[str], T]], text: str) -> T:
    """What the first parser reads that can. Raises the error of the first."""
    first, *others = parsers
    try:
        return first(text)
    except (MatcherError, RegexError):
        for parse in others:
            try:
                return parse(text)
            except MatcherError:
                continue
        raise


def _is_classic(name: str) -> bool:
    """Also in matchers, where 0.25 takes colons as well."""
    return is_label_name(name.replace(":", "_"))
