"""Text to checked tree.

A text is read by the grammar of Prometheus 2.42 first. Only what that refuses is read by the wider one, which adds
what came with Prometheus 3; where that refuses too, the first refusal is told, unless the text calls a function which
2.42 did not know. So no text means anything else than in 2.42, and errors are those of 2.42.

Trees may be at most MAX_DEPTH deep, so that whoever walks one recursively, with up to four calls a level, needs no
guard. Parsing itself does not recurse.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from promql.functions.signatures import ADDED
from promql.model.matchers import Matcher
from promql.syntax.ast import Expr, VectorSelector
from promql.syntax.build import UnknownFunction
from promql.syntax.check import settle
from promql.syntax.faults import Fault
from promql.syntax.machine import Machine, plain, wide
from promql.syntax.walk import first_below

MAX_DEPTH: Final = 200

_CACHED_TEXT: Final = 4096  # longer texts are parsed anew, so that the cache stays small


def parse(text: str) -> Expr:
    """The checked tree of an expression; the same one for the same text. Raises ParseError."""
    return _cached(text) if len(text) <= _CACHED_TEXT else _parsed(text)


def parse_as_2(text: str) -> Expr:
    """The tree by the grammar of Prometheus 2.42 alone. Raises ParseError, also for what later releases read."""
    text = _valid(text)
    try:
        return tree(text, plain())
    except Fault as fault:
        raise fault.located(text) from None


def parse_selector(text: str) -> tuple[Matcher, ...]:
    """The matchers of one instant selector without modifiers, as `match[]` takes it. Raises ParseError.

    `{}` is fine here, and so are matchers that all match the empty value: whether those may be is the caller's choice.
    """
    text = _valid(text)
    try:
        return selector(text, plain())
    except Fault as fault:
        refused = fault
    try:
        return selector(text, wide())
    except Fault:
        raise refused.located(text) from None


def _parsed(text: str) -> Expr:
    text = _valid(text)
    try:
        return tree(text, plain())
    except Fault as fault:
        refused = fault
    try:
        return tree(text, wide())
    except Fault as fault:
        later = isinstance(refused, UnknownFunction) and refused.name in ADDED
        raise (fault if later else refused).located(text) from None


_cached: Final = lru_cache(maxsize=1024)(_parsed)


def tree(text: str, machine: Machine) -> Expr:
    """The checked tree, by one grammar. Raises Fault."""
    expr: Expr = machine.run("query", text)
    if (buried := first_below(expr, MAX_DEPTH)) is not None:
        raise Fault(buried.span.start, f"expression is nested more than {MAX_DEPTH} levels deep")
    return settle(expr, text)[0]


def selector(text: str, machine: Machine) -> tuple[Matcher, ...]:
    """The matchers of a selector, by one grammar. Raises Fault."""
    found: VectorSelector = machine.run("selector", text)
    return found.matchers


def _valid(text: str) -> str:
    """Without lone surrogates, which have no UTF-8: they become U+FFFD, as Go reads bytes that are none."""
    if text.isascii():
        return text
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
