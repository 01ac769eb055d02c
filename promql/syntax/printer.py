"""Trees as text: in one line as Prometheus keeps rules (`print_expr`), and over several as it formats (`pretty`).

Reading the line gives the same tree again, but for `ignoring ()`, which Prometheus leaves out together with the group
modifier behind it. Matchers come sorted by their text.
"""

from __future__ import annotations

from itertools import repeat
from typing import Final

from promql.model.durations import format_duration
from promql.model.labels import METRIC_NAME, label_name, quote
from promql.model.matchers import Matcher, MatchOp
from promql.model.numbers import general
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
    StringLiteral,
    Subquery,
    Unary,
    VectorMatching,
    VectorSelector,
)

LINE: Final = 100  # bytes that `pretty` leaves in one line
_INDENT: Final = "  "
_SIDES: Final = {Cardinality.MANY_TO_ONE: "group_left", Cardinality.ONE_TO_MANY: "group_right"}


def print_expr(expr: Expr) -> str:
    """The canonical text, in one line."""
    match expr:
        case NumberLiteral(value=number, is_duration=True):
            return format_duration(round(number * 1000))
        case NumberLiteral(value=number):
            return general(number)
        case StringLiteral(value=text):
            return quote(text)
        case VectorSelector():
            return _selector(expr) + _shift(expr.offset, expr.at)
        case MatrixSelector(selector=selector):
            return f"{_selector(selector)}[{format_duration(expr.range)}]{_shift(selector.offset, selector.at)}"
        case Subquery():
            return print_expr(expr.expr) + _window(expr)
        case Call():
            return f"{expr.function}({', '.join(map(print_expr, expr.args))})"
        case Aggregation():
            return f"{_aggregator(expr)}({', '.join(map(print_expr, _arguments(expr)))})"
        case Paren(expr=inner):
            return f"({print_expr(inner)})"
        case Unary():
            return expr.op + print_expr(expr.expr)
        case Binary():
            return f"{print_expr(expr.left)} {_operator(expr)} {print_expr(expr.right)}"


def pretty(expr: Expr) -> str:
    """Over several lines where one would be longer than LINE; a selector is never broken."""
    return _pretty(expr, 0)


def _pretty(expr: Expr, level: int) -> str:
    indent = _INDENT * level
    if len((line := print_expr(expr)).encode()) <= LINE:
        return indent + line
    match expr:
        case Call():
            return _block(f"{indent}{expr.function}(", expr.args, level)
        case Aggregation():
            return _block(f"{indent}{_aggregator(expr)}(", _arguments(expr), level)
        case Paren(expr=inner):
            return _block(f"{indent}(", (inner,), level)
        case Binary():
            sides = _pretty(expr.left, level + 1), _pretty(expr.right, level + 1)
            return f"{sides[0]}\n{indent}{_operator(expr)}\n{sides[1]}"
        case Unary():
            return indent + expr.op + _pretty(expr.expr, level).lstrip()
        case Subquery():
            return _pretty(expr.expr, level) + _window(expr)
        case NumberLiteral() | StringLiteral() | VectorSelector() | MatrixSelector():
            return indent + line


def _block(opening: str, args: tuple[Expr, ...], level: int) -> str:
    inner = ",\n".join(map(_pretty, args, repeat(level + 1)))
    return f"{opening}\n{inner}\n{_INDENT * level})"


def _selector(selector: VectorSelector) -> str:
    shown = sorted(str(matcher) for matcher in selector.matchers if not _is_name(selector, matcher))
    braces = f"{{{','.join(shown)}}}" if shown else ""
    return selector.name + braces or "{}"


def _is_name(selector: VectorSelector, matcher: Matcher) -> bool:
    return bool(selector.name) and (matcher.name, matcher.op) == (METRIC_NAME, MatchOp.EQUAL)


def _shift(offset: int, at: int | Bound | None) -> str:
    pieces = []
    if isinstance(at, Bound):
        pieces.append(f" @ {at.value}")
    elif at is not None:
        pieces.append(f" @ {float(at) / 1000:.3f}")
    if offset:
        pieces.append(f" offset {format_duration(offset)}")
    return "".join(pieces)


def _window(expr: Subquery) -> str:
    step = "" if expr.step is None else format_duration(expr.step)
    return f"[{format_duration(expr.range)}:{step}]{_shift(expr.offset, expr.at)}"


def _aggregator(expr: Aggregation) -> str:
    if expr.without:
        return f"{expr.op} without ({_names(expr.grouping)}) "
    return f"{expr.op} by ({_names(expr.grouping)}) " if expr.grouping else expr.op


def _names(labels: tuple[str, ...]) -> str:
    return ", ".join(map(label_name, labels))


def _arguments(expr: Aggregation) -> tuple[Expr, ...]:
    return (expr.expr,) if expr.param is None else (expr.param, expr.expr)


def _operator(expr: Binary) -> str:
    return expr.op + (" bool" if expr.bool_modifier else "") + _matching(expr.matching)


def _matching(matching: VectorMatching | None) -> str:
    if matching is None or not (matching.labels or matching.on):
        return ""
    text = f" {'on' if matching.on else 'ignoring'} ({_names(matching.labels)})"
    if (side := _SIDES.get(matching.cardinality)) is not None:
        text += f" {side} ({_names(matching.include)})"
    return text
