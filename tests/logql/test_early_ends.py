"""Queries that end before they have read all."""

from __future__ import annotations

import pytest

from engine.logql.errors import QueryError, TooManySeriesError
from engine.logql.execute import metrics
from engine.logql.execute.context import SECOND, Context, Steps
from engine.logql.execute.lines import Span, entries
from engine.logql.lines import StreamLines
from engine.logql.syntax.ast import Log
from engine.logql.syntax.parser import parse, parse_log
from promql.model.labels import Labels
from tests.logql.memory_source import MemorySource

MINUTE = 60 * SECOND


def source() -> MemorySource:
    """Ten streams after each other, each with ten ids."""
    return MemorySource(
        [
            StreamLines(
                Labels.of(stream=str(stream)),
                [stream * MINUTE + line for line in range(10)],
                [b"id=%d-%d" % (stream, line) for line in range(10)],
            )
            for stream in range(10)
        ]
    )


def ask(context: Context, query: str, steps: Steps | None) -> None:
    expr = parse(query)
    assert not isinstance(expr, Log)
    if steps is None:
        metrics.instant(context, expr, 10 * MINUTE)
    else:
        metrics.over_range(context, expr, steps)


def few() -> Context:
    return Context(source(), 0, lambda: None, max_series=15)


@pytest.mark.parametrize("steps", [None, Steps(0, 5 * MINUTE, 5)])
@pytest.mark.parametrize(
    "query",
    [
        'sum by (id) (count_over_time({stream=~".+"} | logfmt [1h]))',
        'count_over_time({stream=~".+"} | logfmt [1h])',
    ],
)
def test_too_many_series_are_refused_as_soon_as_they_are_met(query: str, steps: Steps | None) -> None:
    context = few()
    with pytest.raises(TooManySeriesError):
        ask(context, query, steps)
    assert context.read.lines < 30


@pytest.mark.parametrize(
    ("query", "steps"),
    [
        ('topk(3, sum by (id) (count_over_time({stream=~".+"} | logfmt [1h])))', None),
        ('count(count_over_time({stream=~".+"} | logfmt [1h]))', Steps(0, 5 * MINUTE, 5)),
        ('count_over_time({stream=~".+"} | logfmt [1m])', Steps(MINUTE, 100 * MINUTE, 2)),
        ('absent_over_time({stream=~".+"} | logfmt [1h])', None),
    ],
)
def test_series_that_come_to_few_are_all_read(query: str, steps: Steps | None) -> None:
    context = few()
    ask(context, query, steps)
    assert context.read.lines >= 10


def test_a_query_of_costly_lines_is_ended_within_few_of_them() -> None:
    seen = 0

    def pause() -> None:
        nonlocal seen
        seen += 1
        if seen > 20:
            raise QueryError("over")

    lines = [b"x"] * 1000
    many = MemorySource([StreamLines(Labels.of(a="b"), list(range(1000)), lines)])
    log = parse_log('{a="b"} | line_format "{{ repeat 3 __line__ }}"')
    found = []
    with pytest.raises(QueryError):
        found.extend(entries(Context(many, 0, pause), log, Span(0, 1000, 1000)))
    assert seen == 21
