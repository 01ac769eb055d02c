"""Queries give what the real Loki 2.7.4 gave over the same lines."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from engine.logql.errors import LogQLError
from engine.logql.execute.context import SECOND, Context, Steps
from engine.logql.execute.lines import Span, entries
from engine.logql.execute.metrics import instant, over_range
from engine.logql.syntax.ast import Literal, Log
from engine.logql.syntax.parser import parse
from promql.model.numbers import sample
from tests.logql import recorded
from tests.logql.recorded import Case


def test_all_answers_are_those_of_the_real_loki(conformance: Path) -> None:
    context = Context(recorded.source(conformance), now=0, pause=lambda: None)
    cases = recorded.cases(conformance)
    differing = [case.query for case in cases if not _same(case, context)]
    assert len(cases) == 470
    assert [query for query in differing if recorded.LATER not in query] == []
    assert len(differing) == 11


def _same(case: Case, context: Context) -> bool:
    try:
        given = _given(case, context)
    except LogQLError as error:
        return case.answer.get("text") == str(error)
    if case.answer["status"] == "error":
        return given is None
    return _equal(given, case.answer["data"]["result"], ordered=case.path.endswith("/query"))


def _given(case: Case, context: Context) -> Any:
    """None for a bare number, which 2.7.4 refuses to tell at an instant."""
    expr, params = parse(case.query), case.params
    if isinstance(expr, Literal) and case.path.endswith("/query"):
        return None
    if isinstance(expr, Log):
        span = Span(params["start"] * SECOND, params["end"] * SECOND, int(params["limit"]), "direction" not in params)
        lines: dict[Any, list[list[str]]] = {}
        for entry in entries(context, expr, span):
            lines.setdefault(entry.labels.pairs, []).append([str(entry.time), entry.line])
        return list(lines.items())
    if case.path.endswith("/query"):
        found = instant(context, expr, params["time"] * SECOND)
        assert not isinstance(found, float)
        rows = zip(found.labels, found.values.tolist(), strict=True)
        return [(labels.pairs, [[params["time"], sample(value)]]) for labels, value in rows]
    step = int(float(params["step"]) * SECOND)
    start, end = params["start"] * SECOND // step * step, -(-params["end"] * SECOND // step) * step
    matrix = over_range(context, expr, Steps.over(start, end, step))
    return [
        (
            labels.pairs,
            [[int(matrix.times[at]) // 1000, sample(float(values[at]))] for at in np.flatnonzero(present).tolist()],
        )
        for labels, values, present in zip(matrix.labels, matrix.values, matrix.present, strict=True)
    ]


def _equal(given: Any, wanted: Any, *, ordered: bool) -> bool:
    expected = [
        (tuple(sorted(row.get("stream", row.get("metric")).items())), row.get("values") or [row["value"]])
        for row in wanted
    ]
    if not ordered:
        given, expected = sorted(given), sorted(expected)
    if [labels for labels, _ in given] != [labels for labels, _ in expected]:
        return False
    return all(_same_values(mine, theirs) for (_, mine), (_, theirs) in zip(given, expected, strict=True))


def _same_values(mine: Any, theirs: Any) -> bool:
    if len(mine) != len(theirs):
        return False
    pairs = zip(mine, theirs, strict=True)
    if isinstance(theirs[0][0], str):
        return all(a == b for a, b in pairs)
    return all(a[0] == b[0] and recorded.same_number(a[1], b[1]) for a, b in pairs)
