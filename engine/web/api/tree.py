"""An expression as `/api/v1/parse_query` tells it: the tree in JSON, durations and instants in milliseconds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from promql.functions.signatures import signature_of
from promql.model.matchers import Matcher
from promql.model.numbers import plain
from promql.syntax.ast import (
    Aggregation,
    Binary,
    Bound,
    Call,
    Expr,
    MatrixSelector,
    NumberLiteral,
    Paren,
    StringLiteral,
    Subquery,
    Unary,
    ValueType,
    VectorMatching,
    VectorSelector,
)

_TYPES: Final = {
    ValueType.SCALAR: "scalar",
    ValueType.VECTOR: "vector",
    ValueType.MATRIX: "matrix",
    ValueType.STRING: "string",
}


def described(expr: Expr) -> dict[str, Any]:
    match expr:
        case NumberLiteral(value=number):
            return {"type": "numberLiteral", "val": plain(number)}
        case StringLiteral(value=text):
            return {"type": "stringLiteral", "val": text}
        case VectorSelector():
            return {"type": "vectorSelector", **_selector(expr)}
        case MatrixSelector(selector=selector):
            return {"type": "matrixSelector", "range": expr.range, **_selector(selector)}
        case Subquery():
            inner = {"expr": described(expr.expr), "range": expr.range, "step": expr.step or 0}
            return {"type": "subquery", **inner, **_moment(expr)}
        case Call():
            return {"type": "call", "func": _function(expr.function), "args": [described(arg) for arg in expr.args]}
        case Aggregation():
            return _aggregation(expr)
        case Binary():
            return _binary(expr)
        case Unary(op=op, expr=inner_expr):
            return {"type": "unaryExpr", "op": op, "expr": described(inner_expr)}
        case Paren(expr=inner_expr):
            return {"type": "parenExpr", "expr": described(inner_expr)}


def _selector(selector: VectorSelector) -> dict[str, Any]:
    return {"name": selector.name, "matchers": _matchers(selector.matchers), **_moment(selector)}


def _moment(node: VectorSelector | Subquery) -> dict[str, Any]:
    bound = isinstance(node.at, Bound)
    return {
        "offset": node.offset,
        "timestamp": None if bound else node.at,
        "startOrEnd": node.at.value.removesuffix("()") if isinstance(node.at, Bound) else None,
    }


def _matchers(matchers: Sequence[Matcher]) -> list[dict[str, str]]:
    return [{"name": one.name, "value": one.value, "type": one.op.value} for one in matchers]


def _function(name: str) -> dict[str, Any]:
    signature = signature_of(name)
    return {
        "name": name,
        "argTypes": [_TYPES[kind] for kind in signature.args],
        "variadic": signature.variadic,
        "returnType": _TYPES[signature.returns],
    }


def _aggregation(expr: Aggregation) -> dict[str, Any]:
    return {
        "type": "aggregation",
        "op": expr.op,
        "expr": described(expr.expr),
        "param": None if expr.param is None else described(expr.param),
        "grouping": list(expr.grouping),
        "without": expr.without,
    }


def _binary(expr: Binary) -> dict[str, Any]:
    return {
        "type": "binaryExpr",
        "op": expr.op,
        "lhs": described(expr.left),
        "rhs": described(expr.right),
        "matching": None if expr.matching is None else _matching(expr.matching),
        "bool": expr.bool_modifier,
    }


def _matching(matching: VectorMatching) -> dict[str, Any]:
    return {
        "card": matching.cardinality.value,
        "labels": list(matching.labels),
        "on": matching.on,
        "include": list(matching.include),
    }
