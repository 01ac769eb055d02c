"""Text to checked tree.

The loop runs lark's LALR(1) table (tables.py, made from promql.lark) as yacc would: a state with one choice reduces
without a look at the next token, and a wrong token still causes the reductions that need no right one. Prometheus's
parser is yacc's, and the order decides which of several errors is met first; only the first is told.

Trees may be at most MAX_DEPTH deep, so that whoever walks one recursively, with up to four calls a level, needs no
guard. Parsing itself does not recurse.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Final

from promql.model.matchers import Matcher
from promql.syntax.ast import Expr, VectorSelector
from promql.syntax.build import ACTIONS as BUILD
from promql.syntax.check import settle
from promql.syntax.faults import Fault
from promql.syntax.lexer import END, Lexer, Token
from promql.syntax.messages import unexpected
from promql.syntax.tables import ACTIONS, DEFAULTS, GOTOS, REPORTS, RULES, STARTS
from promql.syntax.walk import first_below

MAX_DEPTH: Final = 200

_CACHED_TEXT: Final = 4096  # longer texts are parsed anew, so that the cache stays small
_RULES: Final = tuple((origin, length, BUILD.get(action)) for origin, length, action in RULES)


def parse(text: str) -> Expr:
    """The checked tree of an expression; the same one for the same text. Raises ParseError."""
    return _cached(text) if len(text) <= _CACHED_TEXT else _parsed(text)


def parse_selector(text: str) -> tuple[Matcher, ...]:
    """The matchers of one instant selector without modifiers, as `match[]` takes it. Raises ParseError.

    `{}` is fine here, and so are matchers that all match the empty value: whether those may be is the caller's choice.
    """
    text = _valid(text)
    try:
        selector: VectorSelector = _run("selector", text)
    except Fault as fault:
        raise fault.located(text) from None
    return selector.matchers


def _parsed(text: str) -> Expr:
    text = _valid(text)
    try:
        expr: Expr = _run("query", text)
        if (buried := first_below(expr, MAX_DEPTH)) is not None:
            raise Fault(buried.span.start, f"expression is nested more than {MAX_DEPTH} levels deep")
        return settle(expr, text)[0]
    except Fault as fault:
        raise fault.located(text) from None


_cached: Final = lru_cache(maxsize=1024)(_parsed)


def _valid(text: str) -> str:
    """Without lone surrogates, which have no UTF-8: they become U+FFFD, as Go reads bytes that are none."""
    if text.isascii():
        return text
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def _run(start: str, text: str) -> Any:
    lexer, token = Lexer(text), None
    states: list[int] = [STARTS[start]]
    values: list[Any] = []
    while True:
        state = states[-1]
        row = ACTIONS[state]
        if row:
            if token is None:
                token = lexer.next()
            target = row.get(token.kind) or DEFAULTS[state]
            if target > 0:
                if token.kind == END:
                    return values[-1]
                states.append(target)
                values.append(token)
                token = None
                continue
            if not target:
                raise _unexpected(states, token)
        else:
            target = DEFAULTS[state]
        origin, length, action = _RULES[~target]
        if action is not None:
            first = len(values) - length
            values[first:] = [action(*values[first:])]
            del states[first + 1 :]
        else:
            del states[-1:]
        states.append(GOTOS[states[-1]][origin])


def _unexpected(states: list[int], token: Token) -> Fault:
    """Told by the words of the innermost place that has some; the start of the text always has."""
    report = next(REPORTS[state] for state in reversed(states) if state in REPORTS)
    return Fault(token.start, unexpected(token, report))
