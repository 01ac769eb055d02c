"""Types: what each part of a tree evaluates to, and whether it may stand where it stands.

Errors come in Prometheus's order: what is inside before what holds it, left before right, the number of arguments
before their types; only the first is told. Checking also settles what grammar leaves open: a binary operator has a
matching only where both sides are vectors.
"""

from __future__ import annotations

from typing import Final

from promql.functions.signatures import Signature, signature_of
from promql.model.labels import METRIC_NAME, quote
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
    ValueType,
    VectorMatching,
    VectorSelector,
)
from promql.syntax.faults import Fault

COMPARISONS: Final = frozenset(("==", "!=", "<", "<=", ">", ">="))
SET_OPERATORS: Final = frozenset(("and", "or", "unless"))

_NUMERIC: Final = (ValueType.SCALAR, ValueType.VECTOR)
_API_NAMES: Final = {
    ValueType.SCALAR: "scalar",
    ValueType.VECTOR: "vector",
    ValueType.MATRIX: "matrix",
    ValueType.STRING: "string",
}


def check(expr: Expr, text: str = "") -> ValueType:
    """The type of what the expression evaluates to. Raises ParseError; `text` is the source, for positions."""
    try:
        return settle(expr, text)[1]
    except Fault as fault:
        raise fault.located(text) from None


def settle(expr: Expr, text: str) -> tuple[Expr, ValueType]:
    """The same tree without the matchings that have no vectors to match, and its type. Raises Fault."""
    return _Checker(text.encode(errors="replace")).settled(expr)


class _Checker:
    """Recursive, with two calls a level: the parser bounds the depth."""

    def __init__(self, source: bytes) -> None:
        self._source = source

    def settled(self, expr: Expr) -> tuple[Expr, ValueType]:
        match expr:
            case NumberLiteral():
                return expr, ValueType.SCALAR
            case StringLiteral():
                return expr, ValueType.STRING
            case VectorSelector():
                _check_selector(expr)
                return expr, ValueType.VECTOR
            case MatrixSelector():
                _check_selector(expr.selector)
                return expr, ValueType.MATRIX
            case Subquery():
                return self._subquery(expr), ValueType.MATRIX
            case Call():
                signature = signature_of(expr.function)
                return self._call(expr, signature), signature.returns
            case Aggregation():
                return self._aggregation(expr), ValueType.VECTOR
            case Paren():
                inner, kind = self.settled(expr.expr)
                return (expr if inner is expr.expr else Paren(inner, span=expr.span)), kind
            case Unary():
                return self._unary(expr)
            case Binary():
                return self._binary(expr)

    def _subquery(self, expr: Subquery) -> Expr:
        inner, kind = self.settled(expr.expr)
        if kind is not ValueType.VECTOR:
            message = f"subquery is only allowed on instant vector, got {_API_NAMES[kind]} instead"
            raise Fault(expr.span.start, message)
        if inner is expr.expr:
            return expr
        return Subquery(inner, expr.range, expr.step, expr.offset, expr.at, span=expr.span)

    def _call(self, expr: Call, signature: Signature) -> Expr:
        _check_count(expr, signature)
        where = f'call to function "{expr.function}"'
        args: list[Expr] = []
        for index, arg in enumerate(expr.args):
            inner, kind = (arg, _info_labels(arg)) if index and expr.function == "info" else self.settled(arg)
            _expect(arg, kind, signature.type_of(index), where)
            args.append(inner)
        same = all(new is old for new, old in zip(args, expr.args, strict=True))
        return expr if same else Call(expr.function, tuple(args), span=expr.span)

    def _aggregation(self, expr: Aggregation) -> Expr:
        inner, kind = self.settled(expr.expr)
        _expect(expr.expr, kind, ValueType.VECTOR, "aggregation expression")
        param = expr.param
        if expr.param is not None:
            param, kind = self.settled(expr.param)
            wanted = ValueType.STRING if expr.op == "count_values" else ValueType.SCALAR
            _expect(expr.param, kind, wanted, "aggregation parameter")
        if inner is expr.expr and param is expr.param:
            return expr
        return Aggregation(expr.op, inner, param, expr.grouping, expr.without, span=expr.span)

    def _unary(self, expr: Unary) -> tuple[Expr, ValueType]:
        inner, kind = self.settled(expr.expr)
        if kind not in _NUMERIC:
            what = "unary expression only allowed on expressions of type scalar or instant vector"
            raise Fault(expr.span.start, f'{what}, got "{kind.value}"')
        return (expr if inner is expr.expr else Unary(expr.op, inner, span=expr.span)), kind

    def _binary(self, expr: Binary) -> tuple[Expr, ValueType]:
        left, left_kind = self.settled(expr.left)
        right, right_kind = self.settled(expr.right)
        scalars = left_kind is right_kind is ValueType.SCALAR
        self._check_operator(expr, scalars=scalars)
        for side, kind in ((left, left_kind), (right, right_kind)):
            if kind not in _NUMERIC:
                message = "binary expression must contain only scalar and instant vector types"
                raise Fault(side.span.start, message)
        vectors = left_kind is right_kind is ValueType.VECTOR
        _check_matching(expr, vectors=vectors)
        matching = (expr.matching or VectorMatching()) if vectors else None
        if left is not expr.left or right is not expr.right or matching != expr.matching:
            expr = Binary(expr.op, left, right, expr.bool_modifier, matching, span=expr.span)
        return expr, ValueType.SCALAR if scalars else ValueType.VECTOR

    def _check_operator(self, expr: Binary, *, scalars: bool) -> None:
        compares = expr.op in COMPARISONS
        if expr.bool_modifier and not compares:
            raise Fault(self._operator(expr), "bool modifier can only be used on comparison operators")
        if compares and scalars and not expr.bool_modifier:
            raise Fault(self._operator(expr), "comparisons between scalars must use BOOL modifier")
        matching = expr.matching
        if matching is None or not matching.on:
            return
        for label in matching.labels:
            if label in matching.include:
                message = f'label "{label}" must not occur in ON and GROUP clause at once'
                raise Fault(self._operator(expr), message)

    def _operator(self, expr: Binary) -> int:
        """Where the operator is told to be: behind the left side and white space, which may be at a comment."""
        position = expr.left.span.end
        while self._source[position : position + 1].isspace():
            position += 1
        return position


def _expect(expr: Expr, kind: ValueType, wanted: ValueType, where: str) -> None:
    if kind is not wanted:
        raise Fault(expr.span.start, f"expected type {wanted.value} in {where}, got {kind.value}")


def _info_labels(expr: Expr) -> ValueType:
    """The second argument of `info` only picks labels, so it may match anything, `{}` too, but names no metric."""
    if not isinstance(expr, VectorSelector):
        raise Fault(expr.span.start, "expected label selectors only")
    if expr.name:
        raise Fault(expr.span.start, "expected label selectors only, got vector selector instead")
    return ValueType.VECTOR


def _check_selector(selector: VectorSelector) -> None:
    if not selector.name:
        if all(matcher.matches("") for matcher in selector.matchers):
            raise Fault(selector.span.start, "vector selector must contain at least one non-empty matcher")
        return
    for matcher in selector.matchers[:-1]:
        if matcher.name == METRIC_NAME:
            message = f"metric name must not be set twice: {quote(selector.name)} or {quote(matcher.value)}"
            raise Fault(selector.span.start, message)


def _check_count(expr: Call, signature: Signature) -> None:
    given = len(expr.args)
    limit: tuple[str, int] | None = None
    if given < signature.least:
        limit = ("at least " if signature.variadic else "", signature.least)
    elif signature.most is not None and given > signature.most:
        limit = ("at most " if signature.variadic else "", signature.most)
    if limit is not None:
        message = f'expected {limit[0]}{limit[1]} argument(s) in call to "{expr.function}", got {given}'
        raise Fault(expr.span.start, message)


def _check_matching(expr: Binary, *, vectors: bool) -> None:
    matching, is_set = expr.matching, expr.op in SET_OPERATORS
    if not vectors:
        if matching is not None and matching.labels:
            raise Fault(expr.span.start, "vector matching only allowed between instant vectors")
        if is_set:
            raise Fault(expr.span.start, f'set operator "{expr.op}" not allowed in binary scalar expression')
    elif is_set and matching is not None and matching.cardinality is not Cardinality.MANY_TO_MANY:
        raise Fault(expr.span.start, f'no grouping allowed for "{expr.op}" operation')
