"""Text to checked tree. Trees may be at most MAX_DEPTH deep, so that whoever walks one recursively needs no guard."""

from __future__ import annotations

from functools import cache, lru_cache
from typing import Any, Final

from engine.logql.errors import ParseError
from engine.logql.syntax import check, tables
from engine.logql.syntax.ast import Expr, Log
from engine.logql.syntax.build import ACTIONS
from engine.logql.syntax.lexer import Lexer
from engine.logql.syntax.messages import unexpected
from promql.model.matchers import Matcher
from promql.syntax.faults import Fault
from promql.syntax.machine import Machine, made

MAX_DEPTH: Final = 200
MAX_SIZE: Final = 131_072
"""Bytes of a query, as in Loki 3; 2.7 has 5120."""
_CACHED_TEXT: Final = 4096


def parse(text: str) -> Expr:
    """The checked tree of a query. Raises ParseError."""
    return _cached(text) if len(text) <= _CACHED_TEXT else _parsed(text)


def parse_log(text: str) -> Log:
    """A query for lines. Raises ParseError, also for a metric query."""
    expr = parse(text)
    if not isinstance(expr, Log):
        raise ParseError("only log selector is supported")
    return expr


def parse_matchers(text: str) -> tuple[Matcher, ...]:
    """A stream selector without stages. Raises ParseError."""
    return tuple(_run("selector_only", text))


def _parsed(text: str) -> Expr:
    expr: Expr = _run("query", text)
    if check.depth(expr) > MAX_DEPTH:
        raise ParseError(f"the query is nested more than {MAX_DEPTH} levels deep")
    if isinstance(expr, Log) and expr.unwrap is not None:
        raise ParseError("syntax error: unexpected unwrap, outside of a range aggregation")
    return expr


_cached: Final = lru_cache(maxsize=512)(_parsed)


def _run(start: str, text: str) -> Any:
    if (size := len(text.encode(errors="replace"))) > MAX_SIZE:
        raise ParseError(f"input size too long ({size} > {MAX_SIZE})")
    text = text.encode(errors="replace").decode()
    try:
        return _machine().run(start, text)
    except Fault as fault:
        raise _located(fault, text) from None


def _located(fault: Fault, text: str) -> ParseError:
    if fault.position == check.FREE:
        return ParseError(fault.message)
    before = text[: fault.position]
    return ParseError(fault.message, before.count("\n") + 1, len(before) - before.rfind("\n"))


@cache
def _machine() -> Machine:
    return made(tables, ACTIONS, Lexer, unexpected)
