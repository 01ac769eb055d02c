r"""What a regular expression looks for, as far as that helps to search the text of many lines at once.

A pattern is rewritten so that it can't match a line feed, and `^` and `$` are the ends of a line: then a match in the
text of a block is a match in one line of it, and the other way round, for lines without line feeds. What the small
reader here does not know for sure has no such form, and is tried line by line.

Literals are found faster than patterns: where a pattern is nothing but a literal, or some of them, or can't match
without one, that is told.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from msgspec import Struct, field

_FLAGS: Final = re.compile(r"\(\?([a-zA-Z]*)\)")  # noqa: TID251 - ours, linear
_GROUP: Final = re.compile(r"\((?:\?(?:P<[A-Za-z0-9_]+>|(?P<flags>[a-zA-Z-]*):))?")  # noqa: TID251 - ours, linear
_CLASS: Final = re.compile(  # noqa: TID251 - ours, linear
    r"\[(?P<not>\^?)(?P<body>\]?(?:\[:\^?[a-z]+:\]|\\.|[^\]\\\[])*)\]", re.DOTALL
)
_PART: Final = re.compile(r"\[:\^?[a-z]+:\]|\\.|.", re.DOTALL)  # noqa: TID251 - ours, linear
_COUNT: Final = re.compile(r"\{[0-9]*(?:,[0-9]*)?\}")  # noqa: TID251 - ours, linear
_SAME: Final = frozenset("dwSbB")
"""Escapes that match no line feed, and hold at the ends of a line as between lines."""
_WITHOUT_FEED: Final = {"D": r"[^0-9\n]", "W": r"[^0-9A-Za-z_\n]", "s": r"[\t\f\r ]"}
_ENDS: Final = {"^": "(?m:^)", "$": "(?m:$)", r"\A": "(?m:^)", r"\z": "(?m:$)"}
_LETTERS: Final = {"t": "\t", "r": "\r", "f": "\f", "v": "\v", "a": "\a"}
_NOT_ASCII_TOO: Final = frozenset("kKsS")
"""Letters that have another form beyond ASCII: the sign of kelvin, and the long s."""
_NAMED_CLASSES: Final = frozenset(
    f"[:{name}:]" for name in ("alnum", "alpha", "digit", "lower", "punct", "upper", "word", "xdigit")
)


class Found(Struct, frozen=True):
    """`within`: the pattern for the text of many lines; empty where there is none. `literals`: if it matches where one
    of these stands, and nowhere else. `required`: a text without which it never matches; empty where there is none.
    `cased`: the same in small letters, where it may be written in others.
    """

    within: str = ""
    literals: tuple[str, ...] = ()
    required: str = ""
    cased: str = ""


class _Unsure(Exception):  # noqa: N818 - an answer, not an error
    """The reader does not know this."""


@lru_cache(maxsize=256)
def look(pattern: str) -> Found:
    """What there is to know of a pattern that RE2 takes."""
    try:
        return _Reader(_stripped(pattern)).read()
    except _Unsure:
        return Found()


def _stripped(pattern: str) -> str:
    """Anything may stand around a match anyway."""
    while pattern.startswith(".*") and pattern[2:3] not in ("?", "+", "*", "{") and "|" not in pattern:
        pattern = pattern[2:]
    while pattern.endswith(".*") and not pattern.endswith("\\.*") and "|" not in pattern:
        pattern = pattern[:-2]
    return pattern


class _Reader(Struct):
    pattern: str
    at: int = 0
    depth: int = 0
    fold: bool = False
    pieces: list[str] = field(default_factory=list)
    branches: list[str] = field(default_factory=lambda: [""])
    plain: bool = True
    run: str = ""
    runs: list[str] = field(default_factory=list)
    cased_run: str = ""
    cased_runs: list[str] = field(default_factory=list)

    def read(self) -> Found:
        self._leading_flags()
        while self.at < len(self.pattern):
            self._one(self.pattern[self.at])
        self._end_run()
        literals = () if self.fold or not self.plain or not all(self.branches) else tuple(self.branches)
        alone = len(self.branches) == 1
        required, cased = (max(runs, key=len, default="") for runs in (self.runs, self.cased_runs))
        return Found("".join(self.pieces), literals, *((required, cased) if alone else ("", "")))

    def _leading_flags(self) -> None:
        found = _FLAGS.match(self.pattern)
        if found is not None:
            if found[1] != "i":
                raise _Unsure
            self.fold = True
            self._emit(found[0])

    def _one(self, char: str) -> None:
        if char == "\\":
            self._escape(self.pattern[self.at : self.at + 2])
        elif char in "^$":
            self._other(_ENDS[char], 1)
        elif char == ".":
            self._other(".", 1)
        elif char == "[":
            self._class()
        elif char == "(":
            self._open()
        elif char == ")":
            self.depth -= 1
            self._other(")", 1)
        elif char == "|":
            self._branch()
        elif char in "*+?{":
            self._repeat(char)
        else:
            self._literal(char, char)

    def _escape(self, text: str) -> None:
        kind = text[1:]
        if text in _ENDS:
            self._other(_ENDS[text], 2)
        elif kind in _SAME:
            self._other(text, 2)
        elif kind in _WITHOUT_FEED:
            self._other(_WITHOUT_FEED[kind], 2)
        elif kind in _LETTERS:
            self._literal(_LETTERS[kind], text)
        elif kind and not kind.isalnum() and kind.isascii():
            self._literal(kind, text)
        else:
            raise _Unsure

    def _class(self) -> None:
        found = _CLASS.match(self.pattern, self.at)
        if found is None:
            raise _Unsure
        body = found["body"]
        if found["not"]:
            self._other(f"[^{body}\\n]", len(found[0]))
            return
        parts = _PART.findall(body)
        self._other(f"[{''.join(map(_in_class, parts))}]", len(found[0]))
        if any(parts[n] == "-" and _spans_a_feed(parts[n - 1], parts[n + 1]) for n in range(1, len(parts) - 1)):
            raise _Unsure

    def _open(self) -> None:
        found = _GROUP.match(self.pattern, self.at)
        if found is None or found["flags"] or (self.pattern.startswith("(?", self.at) and len(found[0]) == 1):
            raise _Unsure
        self.depth += 1
        self._other(found[0], len(found[0]))

    def _branch(self) -> None:
        if self.depth == 0:
            self.branches.append("")
        self._end_run()
        self._emit("|")

    def _repeat(self, char: str) -> None:
        found = _COUNT.match(self.pattern, self.at) if char == "{" else None
        if char == "{" and found is None:
            self._literal("{", "{")
            return
        if char != "+":
            self.run, self.cased_run = self.run[:-1], self.cased_run[:-1]
        self._other(char if found is None else found[0], 1 if found is None else len(found[0]))

    def _literal(self, char: str, written: str) -> None:
        if char == "\n":
            raise _Unsure
        if self.depth == 0:
            if self.fold:
                self._folded(char)
            else:
                self.run += char
            self.branches[-1] += char
        else:
            self.plain = False
        self._emit(written)

    def _folded(self, char: str) -> None:
        """Of letters no one knows how they are written."""
        if not char.isascii() or char in _NOT_ASCII_TOO:
            self._end_run()
            return
        self.cased_run += char.lower()
        if char.isalpha():
            self._end_plain_run()
        else:
            self.run += char

    def _other(self, text: str, size: int) -> None:
        self.plain = False
        self._end_run()
        self.pieces.append(text)
        self.at += size

    def _emit(self, text: str) -> None:
        self.pieces.append(text)
        self.at += len(text)

    def _end_run(self) -> None:
        self._end_plain_run()
        if self.cased_run:
            self.cased_runs.append(self.cased_run)
        self.cased_run = ""

    def _end_plain_run(self) -> None:
        if self.run:
            self.runs.append(self.run)
        self.run = ""


def _spans_a_feed(low: str, high: str) -> bool:
    return len(low) > 1 or len(high) > 1 or low <= "\n" <= high


def _in_class(part: str) -> str:
    if part.startswith("[:"):
        if part not in _NAMED_CLASSES:
            raise _Unsure
        return part
    if part == "\n":
        raise _Unsure
    if part[0] != "\\" or part[1] in "dw" or not part[1].isalnum():
        return part
    if part[1] == "s":
        return "\\t\\f\\r "
    if part[1] in "tr":
        return part
    raise _Unsure
