"""The actions of promql.lark: what each alternative makes of its values. Raises Fault where grammar alone can't tell.

An action gets the values of its alternative in order: tokens, nodes, and parts (what is no node yet).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final, NamedTuple, TypeAlias

from engine.foundation.regexes import RegexError
from promql.functions.signatures import SIGNATURES
from promql.model.durations import Duration
from promql.model.labels import METRIC_NAME
from promql.model.matchers import Matcher, MatchOp
from promql.model.numbers import special
from promql.syntax.ast import (
    Aggregation,
    Binary,
    Bound,
    Call,
    Cardinality,
    Expr,
    MatrixSelector,
    NumberLiteral,
    Paren,
    Span,
    StringLiteral,
    Subquery,
    Unary,
    VectorMatching,
    VectorSelector,
)
from promql.syntax.check import SET_OPERATORS
from promql.syntax.faults import Fault
from promql.syntax.lexer import Token
from promql.syntax.literals import number
from promql.syntax.strings import unquote

WITH_PARAMETER: Final = frozenset(("topk", "bottomk", "quantile", "count_values"))

_BOUNDS: Final = {"start": Bound.START, "end": Bound.END}
_FURTHEST: Final = 2.0**62  # ms: adding durations stays within 64 bits; Prometheus lets some more wrap around


class Part(NamedTuple):
    """A value that is no node: milliseconds, a number, labels, arguments, matchers; with its range in bytes."""

    value: Any
    start: int
    end: int


class Modifiers(NamedTuple):
    """What stands behind a binary operator."""

    bool_modifier: bool = False
    matching: VectorMatching = VectorMatching()


_Shiftable: TypeAlias = VectorSelector | MatrixSelector | Subquery


# Literals


def _number(token: Token) -> Part:
    try:
        return Part(number(token.text), token.start, token.end)
    except ValueError as error:
        raise Fault(token.start, f"error parsing number: {error}") from None


def _duration(token: Token) -> Part:
    try:
        length = Duration.from_text(token.text)
    except ValueError as error:
        raise Fault(token.start, str(error)) from None
    if not length:
        raise Fault(token.start, "duration must be greater than 0")
    return Part(int(length), token.start, token.end)


def _number_literal(part: Part) -> Expr:
    return NumberLiteral(part.value, span=Span(part.start, part.end))


def _string_literal(token: Token) -> Expr:
    return StringLiteral(unquote(token.text), span=Span(token.start, token.end))


# Selectors


def _matcher(name: Token, operator: Token, value: Token) -> Part:
    try:
        matcher = Matcher(name.text, MatchOp(operator.text), unquote(value.text))
    except RegexError as error:
        raise Fault(name.start, str(error)) from None
    return Part(matcher, name.start, value.end)


def _matchers(opening: Token, found: list[Part], *closing: Token) -> Part:
    return Part(tuple(part.value for part in found), opening.start, closing[-1].end)


def _vector(name: Token, matchers: Part) -> Expr:
    last = Matcher(METRIC_NAME, MatchOp.EQUAL, name.text)
    return VectorSelector(name.text, (*matchers.value, last), span=Span(name.start, matchers.end))


def _vector_named(name: Token) -> Expr:
    return _vector(name, Part((), name.start, name.end))


def _vector_unnamed(matchers: Part) -> Expr:
    return VectorSelector("", matchers.value, span=Span(matchers.start, matchers.end))


def _matrix(selector: Expr, opening: Token, length: Part, closing: Token) -> Expr:
    if not isinstance(selector, VectorSelector):
        raise Fault(opening.start, "ranges only allowed for vector selectors")
    if selector.offset:
        raise Fault(opening.start, "no offset modifiers allowed before range")
    if selector.at is not None:
        raise Fault(opening.start, "no @ modifiers allowed before range")
    return MatrixSelector(selector, length.value, span=Span(selector.span.start, closing.end))


def _subquery(inner: Expr, _opening: Token, length: Part, _colon: Token, *rest: Any) -> Expr:
    step = rest[0].value if len(rest) == 2 else None
    return Subquery(inner, length.value, step, span=Span(inner.span.start, rest[-1].end))


def _offset(expr: Expr, _offset: Token, length: Part) -> Expr:
    return _moved(expr, length.value, length.end)


def _offset_ahead(expr: Expr, _offset: Token, _sign: Token, length: Part) -> Expr:
    return _moved(expr, -length.value, length.end)


def _moved(expr: Expr, offset: int, end: int) -> Expr:
    node, base = _shiftable(expr, "offset")
    if base.offset:
        raise Fault(expr.span.start, "offset may not be set multiple times")
    return _rebased(node, replace(base, offset=offset), end)


def _at(expr: Expr, _at: Token, moment: Part) -> Expr:
    return _pinned_at_second(expr, moment.value, moment.end)


def _at_signed(expr: Expr, _at: Token, sign: Token, moment: Part) -> Expr:
    return _pinned_at_second(expr, -moment.value if sign.kind == "SUB" else moment.value, moment.end)


def _at_bound(expr: Expr, _at: Token, bound: Token, _opening: Token, closing: Token) -> Expr:
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


def _pinned(expr: Expr, at: int | Bound, end: int) -> Expr:
    node, base = _shiftable(expr, "@")
    if base.at is not None:
        raise Fault(expr.span.start, "@ <timestamp> may not be set multiple times")
    return _rebased(node, replace(base, at=at), end)


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


# Calls and aggregations


def _arguments(opening: Token, args: list[Expr], closing: Token) -> Part:
    return Part(tuple(args), opening.start, closing.end)


def _trailing_comma(_args: list[Expr], comma: Token) -> Any:
    raise Fault(comma.start, "trailing commas not allowed in function call args")


def _call(name: Token, args: Part) -> Expr:
    if name.text not in SIGNATURES:
        raise Fault(name.start, f'unknown function with name "{name.text}"')
    return Call(name.text, args.value, span=Span(name.start, args.end))


def _grouped(word: Token, labels: Part) -> Part:
    return Part((word.kind == "WITHOUT", labels.value), word.start, labels.end)


def _aggregation(operator: Token, args: Part, grouped: Part | None = None) -> Expr:
    op, given = operator.text.lower(), args.value
    if not given:
        raise Fault(operator.start, "no arguments for aggregate expression provided")
    wanted = 2 if op in WITH_PARAMETER else 1
    if len(given) != wanted:
        what = "wrong number of arguments for aggregate expression provided"
        raise Fault(operator.start, f"{what}, expected {wanted}, got {len(given)}")
    without, labels = grouped.value if grouped else (False, ())
    end = max(args.end, grouped.end) if grouped else args.end
    param = given[0] if wanted == 2 else None
    return Aggregation(op, given[-1], param, labels, without, span=Span(operator.start, end))


def _aggregation_grouped_first(operator: Token, grouped: Part, args: Part) -> Expr:
    return _aggregation(operator, args, grouped)


def _labels(opening: Token, found: list[str], *closing: Token) -> Part:
    return Part(tuple(found), opening.start, closing[-1].end)


# Operators


def _binary(left: Expr, operator: Token, modifiers: Modifiers, right: Expr) -> Expr:
    op, matching = operator.text.lower(), modifiers.matching
    if op in SET_OPERATORS and matching.cardinality is Cardinality.ONE_TO_ONE:
        matching = replace(matching, cardinality=Cardinality.MANY_TO_MANY)
    span = Span(left.span.start, right.span.end)
    return Binary(op, left, right, modifiers.bool_modifier, matching, span=span)


def _unary(sign: Token, expr: Expr) -> Expr:
    span = Span(sign.start, expr.span.end)
    if isinstance(expr, NumberLiteral):
        return NumberLiteral(-expr.value if sign.kind == "SUB" else expr.value, span=span)
    return Unary(sign.text, expr, span=span)


def _paren(opening: Token, expr: Expr, closing: Token) -> Expr:
    return Paren(expr, span=Span(opening.start, closing.end))


def _matching(modifiers: Modifiers, word: Token, labels: Part) -> Modifiers:
    return modifiers._replace(matching=VectorMatching(labels=labels.value, on=word.text.lower() == "on"))


def _many(modifiers: Modifiers, word: Token, labels: Part | None = None) -> Modifiers:
    side = Cardinality.MANY_TO_ONE if word.text.lower() == "group_left" else Cardinality.ONE_TO_MANY
    include = labels.value if labels else ()
    return modifiers._replace(matching=replace(modifiers.matching, cardinality=side, include=include))


# Lists


def _first(item: Any) -> list[Any]:
    return [item]


def _append(items: list[Any], _comma: Token, item: Any) -> list[Any]:
    """Grows the list in place: it is this parse's own."""
    items.append(item)
    return items


def _no_expression() -> Any:
    raise Fault(0, "no expression found in input")


def _empty(opening: Token, closing: Token) -> Part:
    return Part((), opening.start, closing.end)


ACTIONS: Final[dict[str, Callable[..., Any]]] = {
    "aggregation": _aggregation,
    "aggregation_grouped_first": _aggregation_grouped_first,
    "aggregation_grouped_last": _aggregation,
    "append": _append,
    "arguments": _arguments,
    "at": _at,
    "at_bound": _at_bound,
    "at_signed": _at_signed,
    "binary": _binary,
    "call": _call,
    "duration": _duration,
    "first": _first,
    "grouped": _grouped,
    "label": lambda token: token.text,
    "labels": _labels,
    "many": _many,
    "many_including": _many,
    "matcher": _matcher,
    "matchers": _matchers,
    "matching": _matching,
    "matrix": _matrix,
    "no_arguments": _empty,
    "no_expression": _no_expression,
    "no_labels": _empty,
    "no_matchers": _empty,
    "number": _number,
    "number_literal": _number_literal,
    "offset": _offset,
    "offset_ahead": _offset_ahead,
    "paren": _paren,
    "string_literal": _string_literal,
    "subquery": _subquery,
    "subquery_stepped": _subquery,
    "trailing_comma": _trailing_comma,
    "unary": _unary,
    "vector": _vector,
    "vector_named": _vector_named,
    "vector_unnamed": _vector_unnamed,
    "with_bool": lambda _word: Modifiers(bool_modifier=True),
    "without_bool": Modifiers,
}
