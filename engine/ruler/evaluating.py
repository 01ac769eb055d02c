"""The value of a rule's expression over a tenant's lines."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from engine.query.logs.engine import LogQueryEngine
from engine.rules.errors import NotAVectorError
from engine.rules.ports import Evaluate
from promql.model.results import Result, Scalar, Vector
from promql.syntax.ast import Expr

_NS: Final = 1_000_000


def evaluator(queries: LogQueryEngine, tenant: str, delay: Callable[[], int]) -> Evaluate:
    """`delay` is how long before its instant (ms) an evaluation looks, so that lines have time to come.

    Raises LogQLError, and NotAVectorError for a query that gives lines.
    """

    async def evaluate(query: str | Expr, time: int) -> Result:
        assert isinstance(query, str), "rules over lines are asked about by their text"
        answer = await queries.instant(tenant, query, (time - delay()) * _NS)
        match answer.result:
            case Vector():
                return answer.result
            case float(value):
                return Scalar(time, value)
            case _:
                raise NotAVectorError

    return evaluate
