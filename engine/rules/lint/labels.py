"""Which labels the result of an expression can have.

Law: a label is called impossible only where no samples whatever could give it; where nothing is known, all are
possible.
"""

from __future__ import annotations

from typing import Final

from msgspec import Struct

from promql.functions.operators import COMPARISON
from promql.model.labels import METRIC_NAME
from promql.model.matchers import MatchOp
from promql.syntax.ast import (
    Aggregation,
    Binary,
    Call,
    Cardinality,
    Expr,
    MatrixSelector,
    NumberLiteral,
    Paren,
    StringLiteral,
    Subquery,
    Unary,
    VectorMatching,
    VectorSelector,
)

_KEEP_NAME: Final = frozenset({
    "sort", "sort_desc", "sort_by_label", "sort_by_label_desc", "last_over_time", "first_over_time",
})  # fmt: skip
_CHOOSING: Final = frozenset({"topk", "bottomk", "limitk", "limit_ratio"})


class Possible(Struct, frozen=True):
    """Where `open`, every label but `names`; else `names` alone."""

    names: frozenset[str]
    open: bool

    def __contains__(self, name: str) -> bool:
        return (name in self.names) != self.open

    def without(self, *names: str) -> Possible:
        return Possible(self.names | set(names) if self.open else self.names - set(names), self.open)

    def plus(self, *names: str) -> Possible:
        return Possible(self.names - set(names) if self.open else self.names | set(names), self.open)

    def only(self, *names: str) -> Possible:
        return Possible(frozenset(name for name in names if name in self), open=False)

    def or_(self, other: Possible) -> Possible:
        """What either can have."""
        match self.open, other.open:
            case True, True:
                return Possible(self.names & other.names, open=True)
            case False, False:
                return Possible(self.names | other.names, open=False)
            case True, False:
                return Possible(self.names - other.names, open=True)
            case _:
                return other.or_(self)


NONE: Final = Possible(frozenset(), open=False)
ALL: Final = Possible(frozenset(), open=True)


def possible(expr: Expr) -> Possible:
    """The labels that a sample of the expression can have."""
    match expr:
        case NumberLiteral() | StringLiteral():
            return NONE
        case VectorSelector():
            gone = {one.name for one in expr.matchers if one.op is MatchOp.EQUAL and not one.value}
            kept = {one.name for one in expr.matchers if one.value or one.op is not MatchOp.EQUAL}
            return Possible(frozenset(gone - kept), open=True)
        case MatrixSelector(selector=selector):
            return possible(selector)
        case Subquery(expr=inner) | Paren(expr=inner):
            return possible(inner)
        case Unary(expr=inner):
            return possible(inner).without(METRIC_NAME)
        case Aggregation():
            return _aggregated(expr)
        case Call():
            return _called(expr)
        case Binary():
            return _between(expr)


def _aggregated(expr: Aggregation) -> Possible:
    inner = possible(expr.expr)
    if expr.op in _CHOOSING:
        return inner
    found = inner.without(METRIC_NAME, *expr.grouping) if expr.without else inner.only(*expr.grouping)
    return (
        found.plus(expr.param.value) if expr.op == "count_values" and isinstance(expr.param, StringLiteral) else found
    )


def _called(call: Call) -> Possible:
    ranged = [possible(arg) for arg in call.args if not isinstance(arg, NumberLiteral | StringLiteral)]
    match call.function:
        case "vector" | "scalar" | "time" | "pi":
            return NONE
        case "info":
            return ALL
        case "absent" | "absent_over_time":
            return _absent(call.args[0])
        case "label_replace" | "label_join":
            target = call.args[1]
            return ranged[0].plus(target.value) if isinstance(target, StringLiteral) else ranged[0]
        case "histogram_quantile":
            return possible(call.args[1]).without(METRIC_NAME, "le")
        case name if name in _KEEP_NAME:
            return ranged[0]
        case _:
            vectors = [one for one in ranged if one != NONE]
            return (
                vectors[0].without(METRIC_NAME)
                if len(vectors) == 1
                else Possible(frozenset({METRIC_NAME}), open=bool(vectors))
            )


def _absent(arg: Expr) -> Possible:
    selector = arg.selector if isinstance(arg, MatrixSelector) else arg
    if not isinstance(selector, VectorSelector):
        return NONE
    named = [one.name for one in selector.matchers if one.name != METRIC_NAME]
    equal = {one.name for one in selector.matchers if one.op is MatchOp.EQUAL and one.value}
    return Possible(frozenset(name for name in equal if named.count(name) == 1), open=False)


def _between(expr: Binary) -> Possible:
    left, right = possible(expr.left), possible(expr.right)
    if expr.op == "or":
        return left.or_(right)
    if expr.op in ("and", "unless"):
        return left
    if expr.matching is None:  # a scalar on one side
        found = left.or_(right)
        return found if expr.op in COMPARISON and not expr.bool_modifier else found.without(METRIC_NAME)
    return _matched(expr, expr.matching, left, right)


def _matched(expr: Binary, matching: VectorMatching, left: Possible, right: Possible) -> Possible:
    many, one = (right, left) if matching.cardinality is Cardinality.ONE_TO_MANY else (left, right)
    if expr.op not in COMPARISON or expr.bool_modifier:
        many = many.without(METRIC_NAME)
    if matching.cardinality is Cardinality.ONE_TO_ONE:
        return many.only(*matching.labels) if matching.on else many.without(*matching.labels)
    included = [name for name in matching.include if name in one]
    return many.without(*matching.include).plus(*included)
