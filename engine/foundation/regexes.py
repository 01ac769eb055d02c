r"""Regular expressions as Go has them: RE2 syntax, linear time.

Every pattern that comes from a user goes through here. What the library accepts and Go 1.19 refuses, `\C` and
`(?<name>`, is refused here too.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from typing import Any, Final

import re2

from engine.foundation.errors import ConfigError

_OPTIONS: Final = re2.Options()
_OPTIONS.log_errors = False
_WORDS: Final = {
    "missing )": "missing closing )",
    "missing ]": "missing closing ]",
    "invalid perl operator": "invalid or unsupported Perl syntax",
    "no argument for repetition operator": "missing argument to repetition operator",
    "invalid character class range": "invalid character class range",
    "bad repetition operator": "invalid nested repetition operator",
    "invalid named capture group": "invalid named capture",
    "invalid repetition size": "invalid repeat count",
}
_FOREIGN: Final = {
    "\\C": "invalid escape sequence: `\\C`",
    "(?<": "invalid or unsupported Perl syntax: `(?<`",
}
_PIECE: Final = re.compile(  # noqa: TID251 - ours, and each piece is read once
    r"\\Q.*?(?:\\E|\Z)|\\.|\[\^?\]?(?:\\.|\[:\^?\w+:\]|[^\]\\])*+\]?|\(\?<", re.DOTALL | re.ASCII
)
"""Quoted text, an escape, a whole class: in these nothing is an operator; and the one operator that is looked for."""

_REFERENCE: Final = re.compile(r"\$(?:\{(\w+)\}|(\w+)|(\$))")  # noqa: TID251 - ours, bounded
_NUMBER: Final = re.compile(r"0|[1-9][0-9]{0,7}")  # noqa: TID251 - ours, bounded
"""A group's number; all else that stands there is a name."""


class RegexError(ConfigError):
    """The pattern is not RE2 syntax; the text begins like Go's: `error parsing regexp: `."""


class Regex:
    """A compiled pattern. `anchored` patterns match whole texts, as everywhere in the originals but templates."""

    __slots__ = ("_compiled", "_names", "anchored", "pattern")

    def __init__(self, pattern: str, *, anchored: bool = True) -> None:
        self.pattern = pattern
        self.anchored = anchored
        self._compiled = _compile(f"^(?:{pattern})$" if anchored else pattern)
        self._names: list[tuple[str, int]] | None = None

    @classmethod
    def from_text(cls, text: str) -> Regex:
        """As configuration files hold one."""
        return cls(text)

    def matches(self, text: str) -> bool:
        return self._compiled.search(text.encode()) is not None  # the library counts the characters of a str

    @property
    def groups(self) -> Mapping[str, int]:
        """Named groups, and their numbers."""
        found: Mapping[str, int] = self._compiled.groupindex
        return found

    def searcher(self) -> Callable[..., Any]:
        """Finds the first match in UTF-8, from an offset on: `search(text[, offset])`, a match as of `re` or None."""
        search: Callable[..., Any] = self._compiled.search
        return search

    def count(self, text: str) -> int:
        """How many matches there are that do not overlap."""
        return sum(1 for _ in self._compiled.finditer(text))

    def named(self, text: str) -> dict[str, str] | None:
        """The named groups of the first match, empty where they took no part; None without a match."""
        data = text.encode()
        found = self._compiled.search(data)
        if found is None:
            return None
        if self._names is None:  # the library makes them anew each time
            self._names = list(self.groups.items())
        return {name: (found[at] or b"").decode() for name, at in self._names}

    def spans(self, text: str) -> Iterator[list[tuple[int, int]]]:
        """Of each match, where it and its groups begin and end; (-1, -1) of a group that took no part."""
        for found in self._compiled.finditer(text):
            yield [found.span(group) for group in range(self._compiled.groups + 1)]

    def finds(self, text: str) -> Iterator[tuple[str, list[str], dict[str, str]]]:
        """All matches: the whole, the groups (empty where one took no part), and those with names."""
        for found in self._compiled.finditer(text):
            groups = [group or "" for group in found.groups()]
            yield found.group(0), groups, {name: group or "" for name, group in found.groupdict().items()}

    def expand(self, text: str, template: str) -> str | None:
        """Go's `Regexp.Expand` of the first match: `$1`, `$name`, `${name}`, `$$`; None without a match."""
        found = self._compiled.search(text)
        return None if found is None else expand(template, _lookup(found))

    def replace_all(self, text: str, template: str, *, limit: int | None = None) -> str:
        """Go's `ReplaceAllString`: no empty match right behind another match.

        OverflowError where the text would be longer than `limit` characters.
        """
        pieces: list[str] = []
        end = size = 0
        for found in self._compiled.finditer(text):
            if 0 < found.start() == found.end() == end:
                continue
            pieces += (text[end : found.start()], expand(template, _lookup(found)))
            size += len(pieces[-2]) + len(pieces[-1])
            if limit is not None and size > limit:
                raise OverflowError
            end = found.end()
        return "".join(pieces) + text[end:]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Regex) and (self.pattern, self.anchored) == (other.pattern, other.anchored)

    def __hash__(self) -> int:
        return hash((self.pattern, self.anchored))

    def __repr__(self) -> str:
        return f"Regex({self.pattern!r})"


def expand(template: str, lookup: Callable[[str], str]) -> str:
    """Go's template for replacements: the longest run of word characters after `$` names the group."""
    if "$" not in template:
        return template
    return _REFERENCE.sub(lambda m: "$" if m[3] else lookup(m[1] or m[2]), template)


def _lookup(found: Any) -> Callable[[str], str]:
    def group(name: str) -> str:
        try:
            return found.group(int(name) if _NUMBER.fullmatch(name) is not None else name) or ""
        except (IndexError, KeyError, re2.error):
            return ""

    return group


@lru_cache(maxsize=4096)
def _compile(source: str) -> Any:
    if any(operator in source for operator in _FOREIGN):
        _refuse_foreign(source)
    try:
        return re2.compile(source, _OPTIONS)
    except re2.error as error:
        raise RegexError(f"error parsing regexp: {_in_gos_words(error)}") from None
    except UnicodeEncodeError:
        raise RegexError(f"error parsing regexp: invalid UTF-8: `{source.encode(errors='replace').decode()}`") from None


def _refuse_foreign(source: str) -> None:
    for piece in _PIECE.findall(source):
        if piece in _FOREIGN:
            raise RegexError(f"error parsing regexp: {_FOREIGN[piece]}")


def _in_gos_words(error: Exception) -> str:
    text = error.args[0] if error.args else str(error)
    text = text.decode(errors="replace") if isinstance(text, bytes) else str(text)
    what, _, where = text.partition(": ")
    return f"{_WORDS.get(what, what)}: `{where}`"
