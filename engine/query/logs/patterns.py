"""What lines look like: words that vary are left blank, and lines with the same words otherwise are one pattern.

A word varies where it holds a digit or stands in quotes (but for keys of JSON); and where lines of equal length differ
in a few words only, those vary too. That is all: there is no learning over time, and a pattern is as good as its
sample.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from typing import Final

from msgspec import Struct, field

from engine.logql.execute.context import SECOND
from engine.logql.execute.lines import Entry

BLANK: Final = "<_>"
_MOST_WORDS: Final = 60
_MOST_PATTERNS: Final = 300
_LIKE: Final = 0.7
"""Share of words in which two patterns must agree to be one."""
_MOST_TEXT: Final = 8192
"""Characters of a line that are looked at."""
_VARIES: Final = re.compile(  # noqa: TID251 - ours: what is looked at is bounded
    r'(?P<key>(?<!\\)"(?:[^"\\]|\\.)*+"\s*+:)|(?<!\\)"(?:[^"\\]|\\.)*+"'
    r'|(?:(?<![A-Za-z_./:-])|(?<=[" ]:))[A-Za-z_./:-]*+[0-9][\w./:+%-]*+'
)


class Pattern(Struct):
    """Words with blanks, and how many lines there were in each step (seconds)."""

    words: list[str]
    counts: Counter[int] = field(default_factory=Counter)

    @property
    def text(self) -> str:
        return " ".join(self.words)

    @property
    def total(self) -> int:
        return self.counts.total()


def patterns(entries: Iterable[Entry], step: int) -> list[Pattern]:
    """The most frequent first. `step` in ns."""
    exact: dict[tuple[str, ...], Pattern] = {}
    for entry in entries:
        words = tuple(_VARIES.sub(_blanked, entry.line[:_MOST_TEXT]).split()[:_MOST_WORDS])
        pattern = exact.get(words)
        if pattern is None:
            pattern = exact[words] = Pattern(list(words))
        pattern.counts[entry.time // step * step // SECOND] += 1
    found = sorted(_joined(exact.values()), key=lambda pattern: -pattern.total)
    return found[:_MOST_PATTERNS]


def _blanked(found: re.Match[str]) -> str:
    return found["key"] or BLANK


def _joined(found: Iterable[Pattern]) -> list[Pattern]:
    """Those of the same length that begin alike and agree in most words, made one."""
    kept: defaultdict[tuple[int, str], list[Pattern]] = defaultdict(list)
    for pattern in sorted(found, key=lambda one: -one.total):
        alike = kept[len(pattern.words), pattern.words[0] if pattern.words else ""]
        near = next((one for one in alike[:_MOST_WORDS] if _agree(one.words, pattern.words)), None)
        if near is None:
            alike.append(pattern)
        else:
            near.words = [a if a == b else BLANK for a, b in zip(near.words, pattern.words, strict=True)]
            near.counts.update(pattern.counts)
    return [pattern for group in kept.values() for pattern in group]


def _agree(one: Sequence[str], other: Sequence[str]) -> bool:
    same = sum(a == b for a, b in zip(one, other, strict=True))
    return same >= _LIKE * len(one)
