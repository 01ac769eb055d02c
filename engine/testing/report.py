"""What the engine has seen, for whoever reads why a test failed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

import numpy as np

from engine.app.application import Application
from engine.testing.results import series
from promql.errors import PromQLError
from promql.model.durations import format_duration
from promql.model.results import Matrix
from promql.model.types import BoolArray, FloatArray
from promql.syntax.ast import MatrixSelector, Subquery
from promql.syntax.parser import parse

WIDTH: Final = 60
MOST_ROWS: Final = 8
_BARS: Final = "▁▂▃▄▅▆▇█"


async def report(app: Application, queries: Iterable[str], start: int, now: int) -> str:
    """Targets, alerts, and the values over time of what the test asked for (`start` and `now` in Unix ms)."""
    lines = [f"{format_duration(now - start) or '0s'} have gone by"]
    for active in app.parts.scrapes.active:
        told = f": {active.health.last_error}" if active.health.last_error else ""
        lines.append(f"target {active.target.url} ({active.pool}): {active.health.health}{told}")
    lines += [f"alert {alert.labels}: {alert.state}, value {alert.value:g}" for alert in app.parts.rules.alerts()]
    for query in queries:
        lines.append(query)
        lines += [f"  {row}" for row in await _plot(app, query, start, now)]
    return "\n".join(lines)


async def _plot(app: Application, query: str, start: int, now: int) -> list[str]:
    step = max(1, -(-(now - start) // WIDTH))
    try:
        expr = parse(query)
        if isinstance(expr, MatrixSelector):
            expr = expr.selector
        elif isinstance(expr, Subquery):
            expr = expr.expr
        result = await app.parts.queries.range(expr, start, now, step)
    except PromQLError as error:
        return [str(error)]
    assert isinstance(result, Matrix), "a range query gives a matrix"
    rows = list(_rows(result))
    hidden = [f"and {len(rows) - MOST_ROWS} more series"] if len(rows) > MOST_ROWS else []
    return [*rows[:MOST_ROWS], *hidden] or ["nothing at any time"]


def _rows(matrix: Matrix) -> Iterator[str]:
    for labels, values, present in zip(matrix.labels, matrix.values, matrix.present, strict=True):
        low, high = values[present].min(), values[present].max()
        span = f"always {low:g}" if low == high else f"{low:g} to {high:g}"
        yield f"{_bars(values, present)} {span}  {series(dict(labels))}"


def _bars(values: FloatArray, present: BoolArray) -> str:
    finite = values[present & np.isfinite(values)]
    low, high = (finite.min(), finite.max()) if len(finite) else (0.0, 0.0)
    size = (high - low) or 1.0

    def bar(value: float, there: bool) -> str:
        if not there:
            return " "
        return _BARS[round((value - low) / size * (len(_BARS) - 1))] if np.isfinite(value) else "?"

    return "".join(bar(value, there) for value, there in zip(values.tolist(), present.tolist(), strict=True))
