"""Text to tokens, one at a time, with Prometheus's words for what is none.

The lexer knows where it stands: inside braces words are label names and only matching operators exist; inside
brackets a duration comes first, and any letter or colon after it counts as the colon of a subquery (as in Prometheus,
which reads `up[5m a]` like `up[5m:]`). It counts parentheses and brackets, and says so when the text ends inside one.
Tokens are made on demand, since an error further on must not hide one that the parser meets first.

A wide lexer also knows what came with Prometheus 3: underscores between digits, brackets that begin with a number
without a unit, and two more aggregations. For it only a colon is a colon.
"""

from __future__ import annotations

import re
import string
from itertools import accumulate
from typing import Final, NamedTuple

from promql.model.labels import quote
from promql.syntax.faults import Fault
from promql.syntax.strings import literal_end, quote_rune

END: Final = "$END"

_BLANK: Final = re.compile(r"(?:[ \t\r\n]+|#[^\r\n]*)*")  # noqa: TID251 - ours, linear
_SPACE: Final = re.compile(r"[ \t\r\n]*")  # noqa: TID251 - ours, linear
_WORD: Final = re.compile(r"[A-Za-z0-9_:]+")  # noqa: TID251 - ours, linear
_LABEL: Final = re.compile(r"[A-Za-z0-9_]+")  # noqa: TID251 - ours, linear
_NUMBER: Final = re.compile(  # noqa: TID251 - ours, linear
    r"(?:0[xX][0-9a-fA-F]*(?:\.[0-9a-fA-F]*)?|[0-9]*(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]*)?"
)
_WIDE_NUMBER: Final = re.compile(  # noqa: TID251 - ours, linear
    r"0[xX][0-9a-fA-F]+(?:_[0-9a-fA-F]+)*"
    r"|(?:[0-9]+(?:_[0-9]+)*)?(?:\.(?:[0-9]+(?:_[0-9]+)*)?)?(?:[eE][-+]?[0-9]+(?:_[0-9]+)*)?"
)
_UNITS: Final = re.compile(r"[smhdwy]s?(?:[0-9]+[smhdw]s?)*")  # noqa: TID251 - ours, linear
_DIGITS: Final = re.compile(r"[0-9]*")  # noqa: TID251 - ours, linear

_LETTERS: Final = frozenset(string.ascii_letters + "_")
_WORDLIKE: Final = frozenset(string.ascii_letters + string.digits + "_")
_QUOTES: Final = frozenset("\"'`")
_ONE: Final = {
    ",": "COMMA", "+": "ADD", "-": "SUB", "*": "MUL", "/": "MUL", "%": "MUL", "^": "POW", "<": "COMPARE",
    ">": "COMPARE", "=": "EQUAL", "@": "AT", "(": "LPAR", "{": "LBRACE",
}  # fmt: skip
_TWO: Final = frozenset(("==", "!=", "<=", ">="))
_KEYWORDS: Final = {
    **dict.fromkeys(("sum", "avg", "min", "max", "count", "group", "stddev", "stdvar"), "AGGREGATOR"),
    **dict.fromkeys(("topk", "bottomk", "quantile", "count_values"), "AGGREGATOR"),
    **dict.fromkeys(("and", "unless"), "AND"),
    **dict.fromkeys(("on", "ignoring"), "ON"),
    **dict.fromkeys(("group_left", "group_right"), "GROUP"),
    **dict.fromkeys(("start", "end"), "BOUND"),
    **dict.fromkeys(("inf", "nan"), "NUMBER"),
    "or": "OR",
    "atan2": "ATAN2",
    "bool": "BOOL",
    "by": "BY",
    "offset": "OFFSET",
    "without": "WITHOUT",
}
_WIDE_KEYWORDS: Final = {**_KEYWORDS, "limitk": "AGGREGATOR", "limit_ratio": "AGGREGATOR"}


class Token(NamedTuple):
    """A terminal of promql.lark, its text as written, and its half-open range in UTF-8 bytes."""

    kind: str
    text: str
    start: int
    end: int


class Lexer:
    """The tokens of one text; after the last comes END for ever. `next` raises Fault."""

    def __init__(self, text: str, *, wide: bool = False) -> None:
        self._text = text
        self._wide = wide
        self._number_form = _WIDE_NUMBER if wide else _NUMBER
        self._keywords = _WIDE_KEYWORDS if wide else _KEYWORDS
        self._bytes = None if text.isascii() else [0, *accumulate(len(char.encode()) for char in text)]
        self._position = 0
        self._parens = 0
        self._in_braces = False
        self._in_brackets = False
        self._duration_due = False
        self._colon_seen = False

    def next(self) -> Token:
        if self._in_braces:
            return self._next_in_braces()
        if self._duration_due:
            self._duration_due = False
            return self._first_in_brackets()
        start = self._skip(_BLANK)
        char = self._text[start : start + 1]
        if not char:
            return self._at_end(start)
        if char in _LETTERS or char == ":":
            if self._in_brackets and self._wide and char != ":":
                raise self._fault(start, f"unexpected character: {quote_rune(char)}")
            return self._colon(start, char) if self._in_brackets else self._word(start)
        if char.isdigit() and char.isascii():
            return self._number(start)
        if char in _QUOTES:
            return self._string(start)
        return self._sign(start, char)

    def _sign(self, start: int, char: str) -> Token:
        following = self._text[start + 1 : start + 2]
        if char + following in _TWO:
            return self._token("COMPARE", start, start + 2)
        if char == "." and following.isdigit() and following.isascii():
            return self._number(start)
        if char == "!" or (char == "=" and following == "~"):
            raise self._fault(start, f"unexpected character after '{char}': {quote_rune(following)}")
        if char in ")[]":
            return self._bracket(start, char)
        if char not in _ONE:
            raise self._fault(start, f"unexpected character: {quote_rune(char)}")
        self._parens += char == "("
        self._in_braces = char == "{"
        return self._token(_ONE[char], start, start + 1)

    def _bracket(self, start: int, char: str) -> Token:
        if char == ")":
            self._parens -= 1
            if self._parens < 0:
                raise self._fault(start + 1, "unexpected right parenthesis ')'")
            return self._token("RPAR", start, start + 1)
        opens = char == "["
        if opens is self._in_brackets:
            raise self._fault(start, f"unexpected {'left' if opens else 'right'} bracket '{char}'")
        self._in_brackets = self._duration_due = opens
        self._colon_seen = False
        return self._token("LBRACKET" if opens else "RBRACKET", start, start + 1)

    def _at_end(self, start: int) -> Token:
        if self._parens:
            raise self._fault(start, "unclosed left parenthesis")
        if self._in_brackets:
            raise self._fault(start, "unclosed left bracket")
        return self._token(END, start, start)

    def _colon(self, start: int, char: str) -> Token:
        if self._colon_seen:
            raise self._fault(start, f"unexpected colon {quote_rune(char)}")
        self._colon_seen = True
        return self._token("COLON", start, start + 1)

    def _word(self, start: int) -> Token:
        end = self._end_of(_WORD, start)
        word = self._text[start:end]
        kind = self._keywords.get(word.lower()) or ("METRIC" if ":" in word else "IDENTIFIER")
        return self._token(kind, start, end)

    def _number(self, start: int) -> Token:
        end = self._end_of(self._number_form, start)
        if self._text[end : end + 1] not in _WORDLIKE:
            return self._token("NUMBER", start, end)
        whole, end = self._units(end)
        if not whole:
            raise self._fault(start, f"bad number or duration syntax: {quote(self._text[start:end])}")
        return self._token("DURATION", start, end)

    def _first_in_brackets(self) -> Token:
        start = self._skip(_SPACE)
        end = self._end_of(self._number_form, start)
        if self._text[end : end + 1] not in _WORDLIKE:
            if self._wide and end > start:
                return self._token("NUMBER", start, end)
            raise self._fault(start, "missing unit character in duration")
        whole, end = self._units(end)
        if not whole:
            raise self._fault(start, f"bad duration syntax: {quote(self._text[start:end])}")
        return self._token("DURATION", start, end)

    def _units(self, start: int) -> tuple[bool, int]:
        """Whether units, with numbers between them, go on up to the end of the word, and up to where they were read."""
        found = _UNITS.match(self._text, start)
        if found is None:
            return False, start
        end = self._end_of(_DIGITS, found.end())
        if end > found.end():
            return False, end
        following = self._text[end : end + 1]
        return (False, end + 1) if following in _WORDLIKE else (True, end)

    def _string(self, start: int) -> Token:
        try:
            end = literal_end(self._text, start)
        except ValueError as error:
            raise self._fault(start, str(error)) from None
        return self._token("STRING", start, end)

    def _next_in_braces(self) -> Token:
        start = self._skip(_BLANK)
        char = self._text[start : start + 1]
        if char in _LETTERS:
            return self._token("IDENTIFIER", start, self._end_of(_LABEL, start))
        if char in _QUOTES:
            return self._string(start)
        if char == ",":
            return self._token("COMMA", start, start + 1)
        if char == "}":
            self._in_braces = False
            return self._token("RBRACE", start, start + 1)
        return self._matching_operator(start, char)

    def _matching_operator(self, start: int, char: str) -> Token:
        following = self._text[start + 1 : start + 2]
        if char == "=":
            return self._token("MATCH", start, start + (2 if following == "~" else 1))
        if char == "!":
            if following not in ("=", "~"):
                raise self._fault(start, f"unexpected character after '!' inside braces: {quote_rune(following)}")
            return self._token("MATCH", start, start + 2)
        if not char:
            raise self._fault(start, "unexpected end of input inside braces")
        if char == "{":
            raise self._fault(start, "unexpected left brace '{'")
        raise self._fault(start, f"unexpected character inside braces: {quote_rune(char)}")

    def _skip(self, pattern: re.Pattern[str]) -> int:
        self._position = self._end_of(pattern, self._position)
        return self._position

    def _end_of(self, pattern: re.Pattern[str], start: int) -> int:
        """Where this pattern, which may be empty, ends."""
        found = pattern.match(self._text, start)
        return start if found is None else found.end()

    def _token(self, kind: str, start: int, end: int) -> Token:
        self._position = end
        text = self._text[start:end]
        if self._bytes is None:
            return Token(kind, text, start, end)
        return Token(kind, text, self._bytes[start], self._bytes[end])

    def _fault(self, position: int, message: str) -> Fault:
        return Fault(position if self._bytes is None else self._bytes[position], message)
