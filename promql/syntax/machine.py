"""Tokens to a tree, by a table.

The loop runs lark's LALR(1) tables (tables.py and wide_tables.py, see generate.py) as yacc would: a state with one
choice reduces without a look at the next token, and a wrong token still causes the reductions that need no right one.
Prometheus's parser is yacc's, and the order decides which of several errors is met first; only the first is told.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache, partial
from typing import Any, Protocol, TypeAlias

from msgspec import Struct

from promql.syntax import tables
from promql.syntax.build import ACTIONS, WIDE_ACTIONS
from promql.syntax.faults import Fault
from promql.syntax.lexer import END, Lexer, Token
from promql.syntax.messages import unexpected

_Rule: TypeAlias = tuple[str, int, Callable[..., Any] | None]


class Tokens(Protocol):
    """The tokens of one text; after the last comes END for ever."""

    def next(self) -> Token:
        """Raises Fault."""


class Machine(Struct, frozen=True):
    """One grammar, ready to run; the fields but the last two are those of tables.py.

    `unexpected` finds the words for a wrong token from the states that stand open, the innermost last.
    """

    rules: Sequence[_Rule]
    actions: Sequence[Mapping[str, int]]
    defaults: Sequence[int]
    gotos: Sequence[Mapping[str, int]]
    reports: Mapping[int, str]
    starts: Mapping[str, int]
    lexer: Callable[[str], Tokens]
    unexpected: Callable[[Machine, list[int], Token], Fault]

    def run(self, start: str, text: str) -> Any:
        """What the text comes to, beginning at this start of the grammar. Raises Fault."""
        lexer, token = self.lexer(text), None
        states: list[int] = [self.starts[start]]
        values: list[Any] = []
        rules, actions, defaults, gotos = self.rules, self.actions, self.defaults, self.gotos
        while True:
            state = states[-1]
            row = actions[state]
            if row:
                if token is None:
                    token = lexer.next()
                target = row.get(token.kind) or defaults[state]
                if target > 0:
                    if token.kind == END:
                        return values[-1]
                    states.append(target)
                    values.append(token)
                    token = None
                    continue
                if not target:
                    raise self.unexpected(self, states, token)
            else:
                target = defaults[state]
            origin, length, action = rules[~target]
            if action is not None:
                first = len(values) - length
                values[first:] = [action(*values[first:])]
                del states[first + 1 :]
            else:
                del states[-1:]
            states.append(gotos[states[-1]][origin])


@cache
def plain() -> Machine:
    """The grammar of Prometheus 2.42."""
    return made(tables, ACTIONS, Lexer, _in_prometheus_words)


@cache
def wide() -> Machine:
    """The same with what Prometheus 3 adds; its table is imported when a text first needs it."""
    from promql.syntax import wide_tables  # noqa: PLC0415 - most processes never need it

    return made(wide_tables, WIDE_ACTIONS, partial(Lexer, wide=True), _in_prometheus_words)


def made(
    table: Any,
    build: Mapping[str, Callable[..., Any]],
    lexer: Callable[[str], Tokens],
    unexpected: Callable[[Machine, list[int], Token], Fault],
) -> Machine:
    """A machine of a module that generate.py made, and of what each alternative does."""
    rules = tuple((origin, length, build.get(action)) for origin, length, action in table.RULES)
    return Machine(rules, table.ACTIONS, table.DEFAULTS, table.GOTOS, table.REPORTS, table.STARTS, lexer, unexpected)


def _in_prometheus_words(machine: Machine, states: list[int], token: Token) -> Fault:
    """Told by the words of the innermost place that has some; the start of the text always has."""
    report = next(machine.reports[state] for state in reversed(states) if state in machine.reports)
    return Fault(token.start, unexpected(token, report))
