"""What `info` asks for: which series tell something, which of their labels are wanted, and of which moment."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, TypeAlias

from promql.model.labels import METRIC_NAME
from promql.model.matchers import Matcher, MatchOp
from promql.syntax.ast import Bound, Expr, Subquery, VectorSelector
from promql.syntax.walk import children

Moment: TypeAlias = tuple[int | Bound | None, int]

_DEFAULT: Final = Matcher(METRIC_NAME, MatchOp.EQUAL, "target_info")
_ANY: Final = Matcher(METRIC_NAME, MatchOp.REGEX, ".+_info")


def told_apart(matchers: Sequence[Matcher]) -> tuple[tuple[Matcher, ...], tuple[Matcher, ...]]:
    """Conditions on the name, with a default where none says which are meant, and the others."""
    names = tuple(matcher for matcher in matchers if matcher.name == METRIC_NAME)
    others = tuple(matcher for matcher in matchers if matcher.name != METRIC_NAME)
    if not names:
        return (_DEFAULT,), others
    positive = any(matcher.op in (MatchOp.EQUAL, MatchOp.REGEX) for matcher in names)
    return (names if positive else (_ANY, *names)), others


def moment_of(expr: Expr) -> Moment:
    """`@` and offset of the first selector, and of the subqueries around it as far as no `@` within outdoes them."""
    return _moment(expr) or (None, 0)


def _moment(expr: Expr) -> Moment | None:
    if isinstance(expr, VectorSelector):
        return expr.at, expr.offset
    found = next((moment for child in children(expr) if (moment := _moment(child)) is not None), None)
    if found is None or found[0] is not None or not isinstance(expr, Subquery):
        return found
    return expr.at, found[1] + expr.offset
