"""Conditions of one side of `and` and `unless` put to the other: what could match nothing there is not fetched.

Law: the answer stays the same, and so do errors. So nothing is put inside of what compares rows with each other beyond
its groups (arithmetic between vectors, `or`), of what changes labels, or of what drops names where two may meet.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final

from msgspec.structs import replace

from promql.functions.signatures import signature_of
from promql.functions.table import FUNCTIONS, OverGrids, OverRange
from promql.model.labels import METRIC_NAME
from promql.model.matchers import Matcher, MatchOp
from promql.syntax.ast import (
    Aggregation,
    Binary,
    Call,
    Expr,
    MatrixSelector,
    Paren,
    Subquery,
    Unary,
    ValueType,
    VectorMatching,
    VectorSelector,
)

_CHANGES_LABELS: Final = frozenset({"histogram_quantile", "label_join", "label_replace", "scalar", "vector"})
_CHOOSES_ROWS: Final = frozenset({"topk", "bottomk", "limitk", "limit_ratio"})


def narrowed(expr: Expr) -> Expr:
    """The same expression, with matchers added to its selectors."""
    match expr:
        case Binary(op="and" | "unless", left=left, right=right, matching=VectorMatching() as matching):
            left, right = narrowed(left), narrowed(right)
            told = _within(conditions(left), matching)
            back = _within(conditions(right), matching) if expr.op == "and" else ()
            return replace(expr, left=pushed(left, back), right=pushed(right, told))
        case Binary():
            return replace(expr, left=narrowed(expr.left), right=narrowed(expr.right))
        case Aggregation():
            return replace(expr, expr=narrowed(expr.expr), param=None if expr.param is None else narrowed(expr.param))
        case Call():
            return replace(expr, args=tuple(map(narrowed, expr.args)))
        case Paren() | Unary() | Subquery():
            return replace(expr, expr=narrowed(expr.expr))
        case _:
            return expr


def conditions(expr: Expr) -> tuple[Matcher, ...]:
    """What holds for the labels of all that it gives, the name aside."""
    match expr:
        case VectorSelector():
            return tuple(matcher for matcher in expr.matchers if matcher.name != METRIC_NAME)
        case MatrixSelector(selector=selector):
            return conditions(selector)
        case Paren() | Unary() | Subquery():
            return conditions(expr.expr)
        case Call():
            return () if (arg := _carrier(expr)) is None else conditions(expr.args[arg])
        case Aggregation(op="count_values"):
            return ()
        case Aggregation():
            return _grouped(expr, conditions(expr.expr))
        case Binary(op="and" | "unless"):
            return conditions(expr.left)
        case _:
            return ()


def pushed(expr: Expr, wanted: tuple[Matcher, ...]) -> Expr:
    """The same without some of the rows that do not meet all that is wanted."""
    if not wanted:
        return expr
    match expr:
        case VectorSelector():
            new = tuple(matcher for matcher in wanted if matcher not in expr.matchers)
            return replace(expr, matchers=(*new, *expr.matchers))
        case MatrixSelector():
            selector = pushed(expr.selector, wanted)
            assert isinstance(selector, VectorSelector)
            return replace(expr, selector=selector)
        case Paren() | Subquery():
            return replace(expr, expr=pushed(expr.expr, wanted))
        case Unary() if _one_name(expr.expr):
            return replace(expr, expr=pushed(expr.expr, wanted))
        case Call():
            return _pushed_into_call(expr, wanted)
        case Aggregation() if expr.op not in ("count_values", "limit_ratio"):
            return replace(expr, expr=pushed(expr.expr, _in_groups(expr, wanted)))
        case Binary(op="and" | "unless"):
            return replace(expr, left=pushed(expr.left, wanted))
        case _:
            return expr


def _pushed_into_call(call: Call, wanted: tuple[Matcher, ...]) -> Expr:
    arg = _carrier(call)
    if arg is None or not _one_name(call.args[arg]):
        return call
    args = list(call.args)
    args[arg] = pushed(args[arg], wanted)
    return replace(call, args=tuple(args))


def _carrier(call: Call) -> int | None:
    """Which argument gives the result its labels, if one does."""
    row = FUNCTIONS[call.function]
    if not isinstance(row, OverRange | OverGrids) or call.function in _CHANGES_LABELS:
        return None
    signature = signature_of(call.function)
    kinds = (signature.type_of(index) for index in range(len(call.args)))
    return next((i for i, kind in enumerate(kinds) if kind in (ValueType.VECTOR, ValueType.MATRIX)), None)


def _one_name(expr: Expr) -> bool:
    """A plain selector of one metric: no two of its series differ by the name alone."""
    match expr:
        case VectorSelector():
            return any(m.name == METRIC_NAME and m.op is MatchOp.EQUAL and m.value for m in expr.matchers)
        case MatrixSelector(selector=selector):
            return _one_name(selector)
        case Paren():
            return _one_name(expr.expr)
        case _:
            return False


def _within(found: Iterable[Matcher], matching: VectorMatching) -> tuple[Matcher, ...]:
    """Those on labels by which the sides are matched."""
    return _on(found, lambda name: (name in matching.labels) is matching.on)


def _grouped(expr: Aggregation, found: tuple[Matcher, ...]) -> tuple[Matcher, ...]:
    """Those that hold for what an aggregation gives."""
    return found if expr.op in _CHOOSES_ROWS else _in_groups(expr, found)


def _in_groups(expr: Aggregation, found: Iterable[Matcher]) -> tuple[Matcher, ...]:
    """Those on labels that all members of a group share."""
    return _on(found, lambda name: (name in expr.grouping) is not expr.without)


def _on(found: Iterable[Matcher], labels: Callable[[str], bool]) -> tuple[Matcher, ...]:
    return tuple(matcher for matcher in found if matcher.name != METRIC_NAME and labels(matcher.name))
