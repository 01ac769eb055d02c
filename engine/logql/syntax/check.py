"""What grammar alone can't tell: which aggregation goes with what, and what is reduced at once. Raises Fault."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from msgspec.structs import replace

from engine.foundation.regexes import Regex, RegexError
from engine.logql.syntax.ast import (
    Binary,
    Expr,
    LabelFilterStage,
    LabelReplace,
    Literal,
    Log,
    Metric,
    RangeAggregation,
    UnwrapStage,
    VectorAggregation,
)
from promql.functions.operators import ARITHMETIC, COMPARISON
from promql.model.labels import is_plain_name
from promql.model.matchers import Matcher
from promql.model.types import FloatArray
from promql.syntax.ast import Cardinality, VectorMatching
from promql.syntax.faults import Fault
from promql.syntax.lexer import Token

FREE: Final = -1
"""The position of a fault that has none."""
SETS: Final = frozenset(("and", "or", "unless"))
_GROUPED: Final = frozenset(
    f"{name}_over_time" for name in ("avg", "first", "last", "max", "min", "quantile", "stddev", "stdvar")
)
_UNWRAPPED: Final = _GROUPED | {"absent_over_time", "rate", "rate_counter", "sum_over_time"}
_PLAIN: Final = frozenset(("absent_over_time", "bytes_over_time", "bytes_rate", "count_over_time", "rate"))
_WITH_K: Final = frozenset(("approx_topk", "bottomk", "topk"))
_LARGEST: Final = 2**63


def selector(matchers: list[Matcher]) -> list[Matcher]:
    """At least one must leave out streams without its label."""
    if all(matcher.matches("") for matcher in matchers):
        raise Fault(
            FREE,
            "queries require at least one regexp or equality matcher that does not have an empty-compatible value. "
            'For instance, app=~".*" does not meet this requirement, but app=~".+" will',
        )
    return matchers


def metric(expr: Expr, behind: Token) -> Metric:
    """An expression that has values; lines end in an error at the token behind them."""
    if isinstance(expr, Log):
        raise Fault(behind.start, f"syntax error: unexpected {behind.text}")
    return expr


def literal(value: float) -> Literal:
    return Literal(value)


def range_aggregation(expr: RangeAggregation) -> RangeAggregation:
    op = expr.op
    _check_unwrap(expr.log)
    if (expr.param is not None) is not (op == "quantile_over_time"):
        wrong = "required for" if expr.param is None else f"{expr.param:g} not supported for"
        raise Fault(FREE, f"parameter {wrong} operation {op}")
    if expr.grouping is not None and op not in _GROUPED:
        raise Fault(FREE, f"grouping not allowed for {op} aggregation")
    if expr.log.unwrap is not None:
        if op not in _UNWRAPPED:
            raise Fault(FREE, f"invalid aggregation {op} with unwrap")
    elif op not in _PLAIN:
        raise Fault(FREE, f"invalid aggregation {op} without unwrap")
    if expr.range <= 0:
        raise Fault(FREE, f"the range of {op} must be longer than nothing")
    return expr


def _check_unwrap(log: Log) -> None:
    """At most one, and behind it nothing but label filters."""
    places = [at for at, stage in enumerate(log.stages) if isinstance(stage, UnwrapStage)]
    if places and not all(isinstance(stage, LabelFilterStage) for stage in log.stages[places[0] + 1 :]):
        raise Fault(FREE, "syntax error: only label filters may follow unwrap")


def vector_aggregation(expr: VectorAggregation) -> VectorAggregation:
    op = expr.op
    if op not in _WITH_K:
        if expr.param is not None:
            raise Fault(FREE, f"unsupported parameter for operation {op}({expr.param:g},")
        return expr
    if expr.param is None:
        raise Fault(FREE, f"parameter required for operation {op}")
    if expr.param != np.trunc(expr.param) or not abs(expr.param) < _LARGEST:
        raise Fault(FREE, f"invalid parameter {op}({expr.param:g},")
    if expr.param <= 0:
        raise Fault(FREE, f"invalid parameter (must be greater than 0) {op}({expr.param:g}")
    if op == "approx_topk" and expr.grouping is not None:
        raise Fault(FREE, "grouping not allowed for approx_topk aggregation")
    return expr


def label_replace(expr: LabelReplace) -> LabelReplace:
    try:
        Regex(expr.pattern)
    except RegexError as error:
        raise Fault(FREE, f"invalid regex in label_replace: {error}") from None
    if not is_plain_name(expr.target):
        raise Fault(FREE, f"invalid destination label name in label_replace: {expr.target}")
    return expr


def binary(op: str, left: Expr, right: Expr, matching: VectorMatching, *, bool_modifier: bool) -> Metric:
    """The operation; between two numbers at once its result."""
    for side, expr in (("left", left), ("right", right)):
        if isinstance(expr, Log):
            raise Fault(FREE, f"unexpected type for {side} leg of binary operation ({op}): lines of logs")
        if op in SETS and isinstance(expr, Literal):
            raise Fault(
                FREE, f"unexpected literal for {side} side of logical/set binary operation ({op}): {expr.value:f}"
            )
    assert not isinstance(left, Log)
    assert not isinstance(right, Log)
    if isinstance(left, Literal) and isinstance(right, Literal):
        return Literal(_reduced(op, left.value, right.value))
    if op in SETS:
        if matching.cardinality is not Cardinality.ONE_TO_ONE:
            raise Fault(FREE, f"no grouping allowed for {op} operation")
        matching = replace(matching, cardinality=Cardinality.MANY_TO_MANY)
    return Binary(op, left, right, bool_modifier, matching)


def _reduced(op: str, left: float, right: float) -> float:
    return float(computed(op, np.array([left]), np.array([right]))[0])


def computed(op: str, left: FloatArray, right: FloatArray) -> FloatArray:
    """Element by element; a comparison gives 1 or 0. Where Go divides by zero Loki has no number."""
    if op in COMPARISON:
        return np.where(COMPARISON[op](left, right), 1.0, 0.0)
    out: FloatArray = ARITHMETIC[op](left, divisor(op, right))
    return out


def divisor(op: str, right: FloatArray) -> FloatArray:
    """The right side, without zeros where it divides."""
    return np.where(right == 0, np.nan, right) if op in ("/", "%") else right


def depth(expr: Any) -> int:
    """How deep a tree is below its root."""
    deepest, todo = 0, [(expr, 1)]
    while todo:
        one, depth = todo.pop()
        deepest = max(deepest, depth)
        todo += [(child, depth + 1) for child in _below(one)]
    return deepest


def _below(one: Any) -> list[Any]:
    names = ("expr", "left", "right", "log", "condition")
    found = [getattr(one, name) for name in names if hasattr(one, name)]
    return found + (list(one.stages) if isinstance(one, Log) else [])
