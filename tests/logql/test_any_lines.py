"""Whatever lines hold: a query gives lines, values or one plain error, and answers can be written as JSON."""

from __future__ import annotations

from contextlib import suppress

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from engine.logql.errors import LogQLError
from engine.logql.execute import metrics
from engine.logql.execute.context import Context, Steps
from engine.logql.execute.lines import Span, entries
from engine.logql.lines import StreamLines
from engine.logql.syntax.ast import Log
from engine.logql.syntax.parser import parse
from promql.model.labels import Labels
from tests.logql.memory_source import MemorySource

SELECTOR = '{job="a"}'
STAGES = (
    "| json", '| json a="b.c[0]", d', "| logfmt", '| logfmt a, b="c"', "| unpack", "| pattern `<a> <_>=<b>`",
    "| regexp `(?P<a>[^ ]+)(?P<b>.*)`", "| decolorize", "| line_format `{{.a}}{{__line__ | trunc 9}}{{.b | ToUpper}}`",
    "| label_format c=a, d=`{{.b}}`", "| a > 10KB", "| a >= 1.5s", "| a != 7", '| a =~ "x.*"', '| a = ip("10.0.0.0/8")',
    '|= ip("::1")', '|~ "[a-z]\\\\d"', '!= "x"', '|> "<_>a<_>"', "| drop a, b=`x`", "| keep a", '|= "a" or "b"',
)  # fmt: skip
RANGES = (
    "sum(count_over_time({} [1h]))", "sum by (a) (rate({} [1h]))", "bytes_rate({} [1h])",
    "quantile_over_time(0.9, {} | unwrap a [1h]) by (b)", "avg_over_time({} | unwrap duration(a) [1h])",
    "sum_over_time({} | unwrap bytes(a) | __error__=`` [1h])", "topk(2, count_over_time({} [1h]))",
)  # fmt: skip
TEXTS = st.text('{}[]":,\\=ab1.-+eE \t\x1b[0m\n\0é', max_size=30).map(str.encode)
LINES = st.lists(st.one_of(st.binary(max_size=30), TEXTS), max_size=6)
PIPELINES = st.lists(st.sampled_from(STAGES), max_size=4).map(lambda stages: " ".join((SELECTOR, *stages)))


def source(lines: list[bytes]) -> MemorySource:
    return MemorySource([StreamLines(Labels.of(job="a"), range(1, len(lines) + 1), lines)])


def context(lines: list[bytes]) -> Context:
    return Context(source(lines), 10**9, lambda: None)


@given(lines=LINES, query=PIPELINES)
def test_lines_of_any_bytes_come_through_every_stage_or_not_at_all(lines: list[bytes], query: str) -> None:
    log = parse(query)
    assert isinstance(log, Log)
    found = list(entries(context(lines), log, Span(0, 100, 100)))
    assert len(found) <= len(lines)
    msgspec.json.encode([(one.line, one.labels.as_dict()) for one in found])


@given(lines=LINES, query=PIPELINES, outer=st.sampled_from(RANGES))
def test_values_of_any_lines_are_numbers_or_one_plain_error(lines: list[bytes], query: str, outer: str) -> None:
    expr = parse(outer.replace("{}", query))
    assert not isinstance(expr, Log)
    with suppress(LogQLError):
        found = metrics.over_range(context(lines), expr, Steps.over(0, 10**10, 10**9))
        assert found.values.dtype == float
