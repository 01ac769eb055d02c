"""Literals, selectors and their modifiers: actions of promql.lark that make leaves, named like their alternatives."""

from __future__ import annotations

from typing import Any, Final, NamedTuple, TypeAlias

from msgspec.structs import replace

from engine.foundation.regexes import RegexError
from promql.model.durations import Duration
from promql.model.labels import METRIC_NAME
from promql.model.matchers import Matcher, MatchOp
from promql.model.numbers import special
from promql.syntax.ast import Bound, Expr, MatrixSelector, NumberLiteral, Span, StringLiteral, Subquery, VectorSelector
from promql.syntax.faults import Fault
from promql.syntax.lexer import Token
from promql.syntax.literals import number as parse_number
from promql.syntax.strings import unquote

_BOUNDS: Final = {"start": Bound.START, "end": Bound.END}
_LONGEST: Final = (2**63 - 1) / 1e9  # s: Go keeps nanoseconds in 64 bits
_FURTHEST: Final = 2.0**62  # ms: adding durations stays within 64 bits; Prometheus lets some more wrap around

_Shiftable: TypeAlias = VectorSelector | MatrixSelector | Subquery


class Part(NamedTuple):
    """A value that is no node: milliseconds, a number, labels, arguments, matchers; with its range in bytes."""

    value: Any
    start: int
    end: int


def number(token: Token) -> Part:
    try:
        return Part(parse_number(token.text), token.start, token.end)
    except ValueError as error:
        raise Fault(token.start, f"error parsing number: {error}") from None


def duration(token: Token) -> Part:
    try:
        length = Duration.from_text(token.text)
    except ValueError as error:
        raise Fault(token.start, str(error)) from None
    if not length:
        raise Fault(token.start, "duration must be greater than 0")
    return Part(int(length), token.start, token.end)


def seconds(part: Part) -> Part:
    """A number where a duration may stand: to the nearest millisecond, halves away from zero."""
    if not 0 < part.value < _LONGEST:
        said = "duration out of range" if part.value > 0 else "duration must be greater than 0"
        raise Fault(part.start, said)
    return Part(max(_milliseconds(part.value), 1), part.start, part.end)


def moment(token: Token) -> Part:
    """A duration where a number may stand: its seconds."""
    length = duration(token)
    return Part(length.value / 1000, length.start, length.end)


def duration_literal(token: Token) -> Expr:
    length = moment(token)
    return NumberLiteral(length.value, is_duration=True, span=Span(length.start, length.end))


def number_literal(part: Part) -> Expr:
    return NumberLiteral(part.value, span=Span(part.start, part.end))


def string_literal(token: Token) -> Expr:
    return StringLiteral(unquote(token.text), span=Span(token.start, token.end))


def matcher(name: Token, operator: Token, value: Token) -> Part:
    return _condition(name, name.text, operator, value)


def quoted_matcher(name: Token, operator: Token, value: Token) -> Part:
    return _condition(name, unquote(name.text), operator, value)


def _condition(token: Token, name: str, operator: Token, value: Token) -> Part:
    try:
        condition = Matcher(name, MatchOp(operator.text), unquote(value.text))
    except RegexError as error:
        raise Fault(token.start, str(error)) from None
    return Part(condition, token.start, value.end)


def quoted_name(name: Token) -> Part:
    """The metric's name, in quotes among its matchers."""
    return Part(Matcher(METRIC_NAME, MatchOp.EQUAL, unquote(name.text)), name.start, name.end)


def matchers(opening: Token, found: list[Part], *closing: Token) -> Part:
    return Part(tuple(part.value for part in found), opening.start, closing[-1].end)


def vector(name: Token, conditions: Part) -> Expr:
    last = Matcher(METRIC_NAME, MatchOp.EQUAL, name.text)
    return VectorSelector(name.text, (*conditions.value, last), span=Span(name.start, conditions.end))


def vector_named(name: Token) -> Expr:
    return vector(name, Part((), name.start, name.end))


def vector_unnamed(conditions: Part) -> Expr:
    return VectorSelector("", conditions.value, span=Span(conditions.start, conditions.end))


def matrix(selector: Expr, opening: Token, length: Part, closing: Token) -> Expr:
    if not isinstance(selector, VectorSelector):
        raise Fault(opening.start, "ranges only allowed for vector selectors")
    if selector.offset:
        raise Fault(opening.start, "no offset modifiers allowed before range")
    if selector.at is not None:
        raise Fault(opening.start, "no @ modifiers allowed before range")
    return MatrixSelector(selector, length.value, span=Span(selector.span.start, closing.end))


def subquery(inner: Expr, _opening: Token, length: Part, _colon: Token, *rest: Any) -> Expr:
    step = rest[0].value if len(rest) == 2 else None
    return Subquery(inner, length.value, step, span=Span(inner.span.start, rest[-1].end))


def offset(expr: Expr, _word: Token, length: Part) -> Expr:
    return _moved(expr, length.value, length.end)


def offset_ahead(expr: Expr, _word: Token, _sign: Token, length: Part) -> Expr:
    return _moved(expr, -length.value, length.end)


def _moved(expr: Expr, ms: int, end: int) -> Expr:
    node, base = _shiftable(expr, "offset")
    if base.offset:
        raise Fault(expr.span.start, "offset may not be set multiple times")
    return _rebased(node, replace(base, offset=ms), end)


def at(expr: Expr, _sign: Token, moment: Part) -> Expr:
    return _pinned_at_second(expr, moment.value, moment.end)


def at_signed(expr: Expr, _at_sign: Token, sign: Token, moment: Part) -> Expr:
    return _pinned_at_second(expr, -moment.value if sign.kind == "SUB" else moment.value, moment.end)


def at_bound(expr: Expr, _sign: Token, bound: Token, _opening: Token, closing: Token) -> Expr:
    return _pinned(expr, _BOUNDS[bound.text.lower()], closing.end)


def _pinned_at_second(expr: Expr, seconds: float, end: int) -> Expr:
    if not -_FURTHEST < seconds * 1000 < _FURTHEST:
        shown = special(seconds) or f"{seconds:f}"
        raise Fault(expr.span.start, f"timestamp out of bounds for @ modifier: {shown}")
    return _pinned(expr, _milliseconds(seconds), end)


def _milliseconds(seconds: float) -> int:
    """Halves go away from zero, as in Go."""
    scaled = seconds * 1000
    whole = int(scaled)
    return whole + (1 if scaled > 0 else -1) if abs(scaled - whole) >= 0.5 else whole


def _pinned(expr: Expr, moment: int | Bound, end: int) -> Expr:
    node, base = _shiftable(expr, "@")
    if base.at is not None:
        raise Fault(expr.span.start, "@ <timestamp> may not be set multiple times")
    return _rebased(node, replace(base, at=moment), end)


def _shiftable(expr: Expr, modifier: str) -> tuple[_Shiftable, VectorSelector | Subquery]:
    """The node, and the one that holds its modifiers."""
    if isinstance(expr, MatrixSelector):
        return expr, expr.selector
    if isinstance(expr, VectorSelector | Subquery):
        return expr, expr
    needs = "an instant vector selector or range vector selector or a subquery"
    raise Fault(expr.span.start, f"{modifier} modifier must be preceded by {needs}")


def _rebased(node: _Shiftable, base: VectorSelector | Subquery, end: int) -> Expr:
    span = Span(node.span.start, end)
    if isinstance(node, MatrixSelector) and isinstance(base, VectorSelector):
        return replace(node, selector=base, span=span)
    return replace(base, span=span)
