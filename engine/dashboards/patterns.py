"""Patterns as Grafana's users write them, `/pattern/flags`, in linear time.

What RE2 can't do (looking ahead and back) is told: `problem` says so, and such a pattern finds nothing.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Final

from msgspec import Struct

from engine.foundation.regexes import Regex, RegexError

_SLASHED: Final = re.compile(r"/(.*)/([gimsuy]*)", re.DOTALL)  # noqa: TID251 - ours, linear
_NAMED: Final = re.compile(r"\(\?<(?![=!])")  # noqa: TID251 - ours, linear


class Found(Struct, frozen=True):
    """One match: the whole, its groups in order, and those with names."""

    whole: str
    groups: Sequence[str]
    named: Mapping[str, str]


class Pattern(Struct, frozen=True):
    """`every` looks for all matches of a text, as the flag `g` does."""

    regex: Regex | None
    every: bool
    problem: str

    @classmethod
    def of(cls, written: str) -> Pattern:
        return _read(written)

    def finds(self, text: str) -> bool:
        return self.regex is not None and self.regex.matches(text)

    def all(self, text: str) -> list[Found]:
        if self.regex is None:
            return []
        found = [Found(*one) for one in self.regex.finds(text)]
        return found if self.every else found[:1]

    def replaced(self, text: str, template: str) -> str:
        """`$1` and `$<name>` stand for groups."""
        if self.regex is None:
            return text
        template = re.sub(r"\$<(\w+)>", r"${\1}", template)
        template = re.sub(r"\$(\d+)", r"${\1}", template).replace("$&", "${0}")
        return self.regex.replace_all(text, template) if self.every else self._first(text, template)

    def _first(self, text: str, template: str) -> str:
        assert self.regex is not None
        found = next(iter(self.regex.finds(text)), None)
        if found is None:
            return text
        before, _, behind = text.partition(found[0]) if found[0] else ("", "", text)
        return before + (self.regex.expand(text, template) or "") + behind


@lru_cache(maxsize=1024)
def _read(written: str) -> Pattern:
    slashed = _SLASHED.fullmatch(written)
    source, flags = (slashed[1], slashed[2]) if slashed else (written, "")
    kept = "".join(flag for flag in "ims" if flag in flags)
    source = _NAMED.sub("(?P<", source.replace("\\/", "/"))
    try:
        return Pattern(Regex(f"(?{kept}){source}" if kept else source, anchored=False), "g" in flags, "")
    except RegexError as error:
        return Pattern(None, False, f"{written}: {error}")
