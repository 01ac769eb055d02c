"""What is told of a token that can't stand where it does, as Loki's parser generator says it.

At most four tokens are named that could stand there instead, in the order of Loki's grammar; where more could, none is.
"""

from __future__ import annotations

from typing import Final

from promql.syntax.faults import Fault
from promql.syntax.lexer import END, Token
from promql.syntax.machine import Machine

_NAMES: Final = {
    "BYTES": "BYTES",
    "IDENTIFIER": "IDENTIFIER",
    "STRING": "STRING",
    "NUMBER": "NUMBER",
    "FLAG": "PARSER_FLAG",
    "DURATION": "DURATION",
    "RANGE": "RANGE",
    "EQ": "=",
    "RE": "=~",
    "NRE": "!~",
    "NOT_PATTERN": "!>",
    "OPEN_BRACE": "{",
    "CLOSE_BRACE": "}",
    "COMMA": ",",
    "PIPE_MATCH": "|~",
    "PIPE_EXACT": "|=",
    "PIPE_PATTERN": "|>",
    "OPEN_PARENTHESIS": "(",
    "CLOSE_PARENTHESIS": ")",
    "BY": "by",
    "WITHOUT": "without",
    "BOOL": "bool",
    "JSON": "json",
    "REGEXP": "regexp",
    "LOGFMT": "logfmt",
    "PIPE": "|",
    "LINE_FORMAT": "line_format",
    "LABEL_FORMAT": "label_format",
    "UNWRAP": "unwrap",
    "UNPACK": "unpack",
    "OFFSET": "offset",
    "PATTERN": "pattern",
    "IP": "ip",
    "DECOLORIZE": "decolorize",
    "DROP": "drop",
    "KEEP": "keep",
    "ON": "on",
    "OR": "or",
    "AND": "and",
    "UNLESS": "unless",
    "NEQ": "!=",
    "ADD": "+",
    "SUB": "-",
    "POW": "^",
}
_HIDDEN: Final = frozenset(("COMPARE", "GROUP", "MUL", "ON", "RANGE", "RANGE_OP", "SORT", "UNWRAP_AS", "VECTOR_OP"))
"""Each stands for several of Loki's tokens, or stands, in Loki's grammar, beside more than could be named."""
_MOST: Final = 4
_UPPER: Final = frozenset(("LABEL_REPLACE", "RANGE_OP", "SORT", "UNWRAP_AS", "VECTOR", "VECTOR_OP"))


def unexpected(machine: Machine, states: list[int], token: Token) -> Fault:
    """The error at a token; `states` are those that stand open, the innermost last."""
    told = f"syntax error: unexpected {_shown(token)}"
    possible = {kind for kind, target in machine.actions[states[-1]].items() if target > 0}
    if len(possible) > _MOST or possible & _HIDDEN or not possible <= {*_NAMES}:
        return Fault(token.start, told)
    names = [name for kind, name in _NAMES.items() if kind in possible]
    return Fault(token.start, f"{told}, expecting {' or '.join(names)}" if names else told)


def _shown(token: Token) -> str:
    if token.kind in (END, "UNKNOWN"):
        return END.lower() if token.kind == END else "IDENTIFIER"
    if token.kind in _UPPER:
        return token.text.upper()
    return token.kind if token.kind in ("IDENTIFIER", "STRING") else _NAMES.get(token.kind, token.text)
