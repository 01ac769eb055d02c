"""How far back expressions look, so that what they look at is replayed too."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from engine.rules.spec import Rule
from promql.model.labels import METRIC_NAME
from promql.model.matchers import MatchOp
from promql.syntax.ast import Expr, MatrixSelector, Subquery, VectorSelector
from promql.syntax.walk import children


def reaches(expr: Expr, lookback: int, beyond: int = 0) -> Mapping[str, int]:
    """For each metric that is named: how many ms before its instant the expression may look at it."""
    found: dict[str, int] = {}
    match expr:
        case VectorSelector():
            names = [m.value for m in expr.matchers if m.name == METRIC_NAME and m.op is MatchOp.EQUAL]
            found = dict.fromkeys(names, beyond + lookback + max(expr.offset, 0))
        case MatrixSelector(selector=selector, range=length):
            found = dict(reaches(selector, length, beyond))
        case _:
            more = expr.range + max(expr.offset, 0) if isinstance(expr, Subquery) else 0
            for child in children(expr):
                for name, reach in reaches(child, lookback, beyond + more).items():
                    found[name] = max(reach, found.get(name, 0))
    return found


def beginnings(rules: Sequence[Rule], starts: Sequence[int], lookback: int) -> list[int]:
    """When each rule must begin (ms), so that those behind it that begin at `starts` find what they look at."""
    wanted: dict[str, int] = {}
    found: list[int] = []
    for rule, start in zip(reversed(rules), reversed(starts), strict=True):
        begin = min(start, wanted.get(rule.name, start))
        found.append(begin)
        for name, reach in ({} if rule.expr is None else reaches(rule.expr, lookback)).items():
            wanted[name] = min(wanted.get(name, begin), begin - reach)
    return found[::-1]
