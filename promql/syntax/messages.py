"""What to say of a token that fits nowhere. The keys of UNEXPECTED are the alternatives of promql.lark with ERROR."""

from __future__ import annotations

from typing import Final

from promql.model.labels import quote
from promql.syntax.lexer import END, Token
from promql.syntax.strings import quote_short

# Where it was met, and what could have stood there.
UNEXPECTED: Final[dict[str, tuple[str, str]]] = {
    "unexpected": ("", ""),
    "unexpected_in_aggregation": ("aggregation", ""),
    "unexpected_before_labels": ("grouping opts", '"("'),
    "unexpected_label": ("grouping opts", "label"),
    "unexpected_after_label": ("grouping opts", '"," or ")"'),
    "unexpected_matcher": ("label matching", 'identifier or "}"'),
    "unexpected_matcher_operator": ("label matching", "label matching operator"),
    "unexpected_matcher_value": ("label matching", "string"),
    "unexpected_after_matcher": ("label matching", '"," or "}"'),
    "unexpected_in_offset": ("offset", "duration"),
    "unexpected_in_at": ("@", "timestamp"),
    "unexpected_in_range": ("subquery selector", "duration"),
    "unexpected_after_range": ("subquery or range", '":" or "]"'),
    "unexpected_in_step": ("subquery selector", 'duration or "]"'),
    "unexpected_after_step": ("subquery selector", '"]"'),
}

_NAMED: Final = {"NUMBER": "number", "DURATION": "duration", "STRING": "string"}
_WORDS: Final = {"IDENTIFIER": "identifier", "METRIC": "metric identifier"}
_OPERATORS: Final = frozenset(("ADD", "SUB", "MUL", "POW", "COMPARE", "AND", "OR", "ATAN2"))
_KEYWORDS: Final = frozenset(("BOOL", "BY", "ON", "GROUP", "OFFSET", "WITHOUT"))


def unexpected(token: Token, report: str) -> str:
    where, instead = UNEXPECTED[report]
    place = f" in {where}" if where else ""
    hint = f", expected {instead}" if instead else ""
    return f"unexpected {describe(token)}{place}{hint}"


def describe(token: Token) -> str:
    """As Prometheus names it, also where that is odd: it has no name for `@`, only a number."""
    kind, text = token.kind, token.text
    if kind == END:
        return "end of input"
    if kind in _WORDS:
        return f"{_WORDS[kind]} {quote(text)}"
    if kind in _NAMED:
        return f"{_NAMED[kind]} {quote_short(text)}"
    if kind == "AGGREGATOR":
        return f"<aggr:{text}>"
    if kind == "AT":
        return '"<Item 57385>" <op:@>'
    if kind in _OPERATORS or (kind == "MATCH" and text != "="):
        return f"<op:{text}>"
    return f"<{text}>" if kind in _KEYWORDS else quote_short(text)
