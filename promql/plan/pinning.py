"""Which parts of an expression do not depend on the step: those are evaluated once and repeated.

A selector or subquery with `@` does not, nor does whatever is made of such and of constants alone, unless by a
function of the instant of evaluation.
"""

from __future__ import annotations

from promql.functions.table import FUNCTIONS, Absence, AbsenceOverRange, Information, OverGrids, OverRange, SampleTime
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


def is_pinned(expr: Expr) -> bool:
    match expr:
        case NumberLiteral() | StringLiteral():
            return True
        case VectorSelector() | Subquery():
            return expr.at is not None
        case MatrixSelector():
            return expr.selector.at is not None
        case Paren() | Unary():
            return is_pinned(expr.expr)
        case Binary():
            return is_pinned(expr.left) and is_pinned(expr.right)
        case Aggregation():
            return is_pinned(expr.expr) and (expr.param is None or is_pinned(expr.param))
        case Call():
            return not _is_timed(expr.function) and all(is_pinned(arg) for arg in expr.args)


def _is_timed(function: str) -> bool:
    match FUNCTIONS[function]:
        case SampleTime():
            return True
        case OverRange() | OverGrids() as row:
            return row.timed
        case Absence() | AbsenceOverRange() | Information():
            return False
