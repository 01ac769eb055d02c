"""What of planning does not depend on the time, done once for a tree: the check, the conditions put where they save the
most, and equal parts made one.

A dashboard or a rule asks with the same tree each time, so trees are told by their identity; to hash one costs as much
as to plan it.
"""

from __future__ import annotations

from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from promql.plan.narrowing import narrowed
from promql.syntax.ast import Aggregation, Binary, Call, Expr, Paren, Subquery, Unary, ValueType
from promql.syntax.check import check

_MOST: Final = 4096
"""Trees that are kept."""


class Prepared(Struct, frozen=True):
    """A tree's type; the tree, and the one with narrower selectors. Equal parts of all trees are the same object."""

    kind: ValueType
    expr: Expr
    narrow: Expr


_PREPARED: Final[dict[int, tuple[Expr, Prepared]]] = {}
_PARTS: Final[dict[Expr, Expr]] = {}


def prepared(expr: Expr) -> Prepared:
    """The same for the same tree. Raises ParseError."""
    kept = _PREPARED.get(id(expr))
    if kept is not None and kept[0] is expr:
        return kept[1]
    kind = check(expr)
    if len(_PREPARED) >= _MOST:
        _PREPARED.clear()
        _PARTS.clear()
    made = Prepared(kind, _shared(expr), _shared(narrowed(expr)))
    _PREPARED[id(expr)] = expr, made
    return made


def _shared(expr: Expr) -> Expr:
    """The same tree, of parts that others have too."""
    match expr:
        case Call():
            expr = replace(expr, args=tuple(map(_shared, expr.args)))
        case Aggregation():
            param = None if expr.param is None else _shared(expr.param)
            expr = replace(expr, expr=_shared(expr.expr), param=param)
        case Binary():
            expr = replace(expr, left=_shared(expr.left), right=_shared(expr.right))
        case Paren() | Unary() | Subquery():
            expr = replace(expr, expr=_shared(expr.expr))
        case _:
            pass
    return _PARTS.setdefault(expr, expr)
