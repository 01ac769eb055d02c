"""The actions of promql.lark: what each alternative makes of its values. Raises Fault where grammar alone can't tell.

An action gets the values of its alternative in order: tokens, nodes, and parts (what is no node yet).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, NamedTuple

from msgspec.structs import replace

from promql.functions.signatures import ADDED, SIGNATURES
from promql.syntax import leaves
from promql.syntax.ast import (
    Aggregation,
    Binary,
    Call,
    Cardinality,
    Expr,
    NumberLiteral,
    Paren,
    Span,
    Unary,
    VectorMatching,
)
from promql.syntax.check import SET_OPERATORS
from promql.syntax.faults import Fault
from promql.syntax.leaves import Part
from promql.syntax.lexer import Token
from promql.syntax.strings import unquote

WITH_PARAMETER: Final = frozenset(("topk", "bottomk", "quantile", "count_values", "limitk", "limit_ratio"))


class UnknownFunction(Fault):
    """A call by a name that no function has."""

    def __init__(self, position: int, name: str) -> None:
        super().__init__(position, f'unknown function with name "{name}"')
        self.name = name


class Modifiers(NamedTuple):
    """What stands behind a binary operator."""

    bool_modifier: bool = False
    matching: VectorMatching = VectorMatching()


# Calls and aggregations


def _arguments(opening: Token, args: list[Expr], closing: Token) -> Part:
    return Part(tuple(args), opening.start, closing.end)


def _trailing_comma(_args: list[Expr], comma: Token) -> Any:
    raise Fault(comma.start, "trailing commas not allowed in function call args")


def _call(name: Token, args: Part) -> Expr:
    if name.text not in SIGNATURES:
        raise UnknownFunction(name.start, name.text)
    return Call(name.text, args.value, span=Span(name.start, args.end))


def _any_call(name: Token, args: Part) -> Expr:
    if name.text not in ADDED:
        return _call(name, args)
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
        return replace(expr, value=-expr.value if sign.kind == "SUB" else expr.value, span=span)
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
    "at": leaves.at,
    "at_bound": leaves.at_bound,
    "at_signed": leaves.at_signed,
    "binary": _binary,
    "call": _call,
    "duration": leaves.duration,
    "first": _first,
    "grouped": _grouped,
    "label": lambda token: token.text,
    "labels": _labels,
    "many": _many,
    "many_including": _many,
    "matcher": leaves.matcher,
    "matchers": leaves.matchers,
    "matching": _matching,
    "matrix": leaves.matrix,
    "no_arguments": _empty,
    "no_expression": _no_expression,
    "no_labels": _empty,
    "no_matchers": _empty,
    "number": leaves.number,
    "number_literal": leaves.number_literal,
    "offset": leaves.offset,
    "offset_ahead": leaves.offset_ahead,
    "paren": _paren,
    "string_literal": leaves.string_literal,
    "subquery": leaves.subquery,
    "subquery_stepped": leaves.subquery,
    "trailing_comma": _trailing_comma,
    "unary": _unary,
    "vector": leaves.vector,
    "vector_named": leaves.vector_named,
    "vector_unnamed": leaves.vector_unnamed,
    "with_bool": lambda _word: Modifiers(bool_modifier=True),
    "without_bool": Modifiers,
}

WIDE_ACTIONS: Final[dict[str, Callable[..., Any]]] = {
    **ACTIONS,
    "call": _any_call,
    "duration_literal": leaves.duration_literal,
    "moment": leaves.moment,
    "quoted_label": lambda token: unquote(token.text),
    "quoted_matcher": leaves.quoted_matcher,
    "quoted_name": leaves.quoted_name,
    "seconds": leaves.seconds,
}
