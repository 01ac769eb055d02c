"""Text to tokens, one at a time.

Words are keywords only where the language can have one: names of stages behind a `|`, names of functions before a
parenthesis. Loki refuses labels of such names; here `{on="x"}` and `| json="x"` are labels. A name behind a `|` that a
comparison follows is a label, except that `| json != "x"` is the stage and a line filter.

Positions count characters, as Loki's errors do.
"""

from __future__ import annotations

import re
from typing import Final

from engine.logql import units
from promql.syntax.faults import Fault
from promql.syntax.lexer import END, Token
from promql.syntax.strings import literal_end

RANGE_OPS: Final = frozenset(
    (
        "absent_over_time", "avg_over_time", "bytes_over_time", "bytes_rate", "count_over_time", "first_over_time",
        "last_over_time", "max_over_time", "min_over_time", "quantile_over_time", "rate", "rate_counter",
        "stddev_over_time", "stdvar_over_time", "sum_over_time",
    )
)  # fmt: skip
VECTOR_OPS: Final = frozenset(
    ("approx_topk", "avg", "bottomk", "count", "max", "min", "stddev", "stdvar", "sum", "topk")
)
CONVERSIONS: Final = frozenset(("bytes", "duration", "duration_seconds"))
_STAGES: Final = frozenset(("drop", "keep", "label_format", "line_format", "pattern", "regexp", "unwrap"))
_BARE_STAGES: Final = frozenset(("decolorize", "json", "logfmt", "unpack"))
_FUNCTIONS: Final = {
    **dict.fromkeys(RANGE_OPS, "RANGE_OP"),
    **dict.fromkeys(VECTOR_OPS, "VECTOR_OP"),
    **dict.fromkeys(("sort", "sort_desc"), "SORT"),
    "label_replace": "LABEL_REPLACE",
    "vector": "VECTOR",
    "ip": "IP",
}
_WORDS: Final = {
    "and": "AND", "bool": "BOOL", "by": "BY", "group_left": "GROUP", "group_right": "GROUP", "ignoring": "ON",
    "offset": "OFFSET", "on": "ON", "or": "OR", "unless": "UNLESS", "without": "WITHOUT",
}  # fmt: skip
_SIGNS: Final = {
    "!=": "NEQ", "!>": "NOT_PATTERN", "!~": "NRE", "%": "MUL", "(": "OPEN_PARENTHESIS", ")": "CLOSE_PARENTHESIS",
    "*": "MUL", "+": "ADD", ",": "COMMA", "-": "SUB", "/": "MUL", "<": "COMPARE", "<=": "COMPARE", "=": "EQ",
    "==": "COMPARE", "=~": "RE", ">": "COMPARE", ">=": "COMPARE", "^": "POW", "{": "OPEN_BRACE", "|": "PIPE",
    "|=": "PIPE_EXACT", "|>": "PIPE_PATTERN", "|~": "PIPE_MATCH", "}": "CLOSE_BRACE",
}  # fmt: skip
_BLANK: Final = re.compile(r"(?:[ \t\r\n]+|#[^\n]*)*")  # noqa: TID251 - ours, linear
_WORD: Final = re.compile(r"[^\W\d]\w*")  # noqa: TID251 - ours, linear
_NUMBER: Final = re.compile(  # noqa: TID251 - ours, linear
    r"0[xX][0-9a-fA-F]+|(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?"
)
_QUANTITY: Final = re.compile(r"[0-9.]+[A-Za-zµμ][0-9A-Za-zµμ.]*")  # noqa: TID251 - ours, linear
_FLAG: Final = re.compile(r"--(?:strict|keep-empty)\b")  # noqa: TID251 - ours, linear
_CALLED: Final = re.compile(r"\s*\(")  # noqa: TID251 - ours, linear
_GROUPED: Final = re.compile(r"\s*(?:\(|(?:by|without)\b)")  # noqa: TID251 - ours, linear
_COMPARED: Final = re.compile(r"\s*(?:[=<>]|![=~])")  # noqa: TID251 - ours, linear
_COMPARED_BARE: Final = re.compile(r"\s*[=<>]")  # noqa: TID251 - ours, linear


class Lexer:
    """The tokens of one text; after the last comes END for ever. `next` raises Fault."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._position = 0
        self._last = ""
        self._in_braces = False

    def next(self) -> Token:
        found = _BLANK.match(self._text, self._position)
        start = self._position if found is None else found.end()
        char = self._text[start : start + 1]
        if not char:
            return self._token(END, start, start)
        if char.isalpha() or char == "_":
            return self._word(start)
        if char in '"`':
            return self._string(start)
        if char == "[":
            return self._range(start)
        if (number := _NUMBER.match(self._text, start)) is not None:
            return self._number(start, number.end())
        return self._sign(start)

    def _sign(self, start: int) -> Token:
        if self._last in ("LOGFMT", "FLAG") and (flag := _FLAG.match(self._text, start)) is not None:
            return self._token("FLAG", start, flag.end())
        size = 2 if self._text[start : start + 2] in _SIGNS else 1
        kind = _SIGNS.get(self._text[start : start + size], "UNKNOWN")
        if kind in ("OPEN_BRACE", "CLOSE_BRACE"):
            self._in_braces = kind == "OPEN_BRACE"
        return self._token(kind, start, start + size)

    def _word(self, start: int) -> Token:
        found = _WORD.match(self._text, start)
        end = start + 1 if found is None else found.end()
        return self._token(self._kind_of(self._text[start:end], end), start, end)

    def _kind_of(self, word: str, end: int) -> str:
        if self._in_braces:
            return "IDENTIFIER"
        if self._last == "PIPE":
            return self._behind_a_pipe(word, end)
        if self._last == "UNWRAP" and word in CONVERSIONS and _CALLED.match(self._text, end):
            return "UNWRAP_AS"
        called = _GROUPED if word in VECTOR_OPS else _CALLED
        if word in _FUNCTIONS and called.match(self._text, end):
            return _FUNCTIONS[word]
        if word in _WORDS and not _COMPARED.match(self._text, end):
            return _WORDS[word]
        return "IDENTIFIER"

    def _behind_a_pipe(self, word: str, end: int) -> str:
        compared = _COMPARED_BARE if word in _BARE_STAGES else _COMPARED
        if (word in _STAGES or word in _BARE_STAGES) and not compared.match(self._text, end):
            return word.upper()
        return "IDENTIFIER"

    def _string(self, start: int) -> Token:
        try:
            end = literal_end(self._text, start)
        except ValueError as error:
            unterminated = "unterminated" in str(error)
            raise Fault(start, "literal not terminated" if unterminated else f"invalid string: {error}") from None
        return self._token("STRING", start, end)

    def _range(self, start: int) -> Token:
        end = self._text.find("]", start)
        if end < 0:
            raise Fault(start, "missing closing ']' in duration")
        try:
            units.duration(self._text[start + 1 : end].strip())
        except ValueError as error:
            raise Fault(start, str(error)) from None
        return self._token("RANGE", start, end + 1)

    def _number(self, start: int, end: int) -> Token:
        found = _QUANTITY.match(self._text, start)
        if found is None or found.end() <= end:
            return self._token("NUMBER", start, end)
        for kind, read in (("DURATION", units.duration), ("BYTES", units.size)):
            try:
                read(found[0])
            except ValueError:
                continue
            return self._token(kind, start, found.end())
        return self._token("NUMBER", start, end)

    def _token(self, kind: str, start: int, end: int) -> Token:
        self._position, self._last = end, kind
        return Token(kind, self._text[start:end], start, end)
