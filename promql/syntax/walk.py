"""The shape of trees."""

from __future__ import annotations

from collections.abc import Iterator

from promql.syntax.ast import (
    Aggregation,
    Binary,
    Call,
    Expr,
    MatrixSelector,
    NumberLiteral,
    Paren,
    StringLiteral,
    Subquery,
    Unary,
    VectorSelector,
)


def children(expr: Expr) -> tuple[Expr, ...]:
    """The expressions right below, in the order in which they are checked."""
    match expr:
        case NumberLiteral() | StringLiteral() | VectorSelector():
            return ()
        case MatrixSelector(selector=selector):
            return (selector,)
        case Subquery(expr=inner) | Unary(expr=inner) | Paren(expr=inner):
            return (inner,)
        case Call(args=args):
            return args
        case Aggregation(expr=inner, param=param):
            return (inner,) if param is None else (inner, param)
        case Binary(left=left, right=right):
            return (left, right)


def descendants(expr: Expr) -> Iterator[Expr]:
    """The node and all below it, each before what is below it."""
    yield expr
    for child in children(expr):
        yield from descendants(child)


def first_below(expr: Expr, depth: int) -> Expr | None:
    """The first node that has `depth` others above it, if any; level by level, without recursion."""
    level: list[Expr] = [expr]
    for _ in range(depth):
        level = [child for node in level for child in children(node)]
        if not level:
            return None
    return level[0]
