from __future__ import annotations

import pytest

from promql.model.panel import Kind
from promql.plan.build import build
from promql.plan.nodes import Absent, Number, Plan, Repeat, Rollup, walk
from promql.plan.window import Options, Window
from promql.syntax.parser import parse

HOUR = 3_600_000
RANGE = Window(10 * HOUR, 11 * HOUR, 60_000)


def planned(query: str, window: Window = RANGE, **options: int) -> Plan:
    return build(parse(query), window, Options(**options))


def spans(plan: Plan) -> list[tuple[int, int]]:
    return [(need.start, need.end) for need in plan.needs]


def test_an_instant_selector_needs_its_lookback() -> None:
    plan = planned("x")
    assert spans(plan) == [(10 * HOUR - 300_000, 11 * HOUR)]
    assert plan.needs[0].kind is Kind.INSTANT
    assert spans(planned("x", lookback_ms=1000)) == [(10 * HOUR - 1000, 11 * HOUR)]


def test_a_range_needs_its_length_and_no_stale_markers() -> None:
    plan = planned("rate(x[10m] offset 5m)")
    assert spans(plan) == [(10 * HOUR - 900_000, 11 * HOUR - 300_000)]
    assert plan.needs[0].kind is Kind.RANGE


def test_a_range_of_one_step_is_no_instant_however_short_its_step() -> None:
    assert Window(HOUR, HOUR, 0).instant
    for step in (1, 60_000):
        assert not Window(HOUR, HOUR, step).instant
        assert Window(HOUR, HOUR, step).steps.times.tolist() == [HOUR]


def test_equal_needs_are_asked_once() -> None:
    assert len(planned("x / x").needs) == 1
    assert len(planned("rate(x[5m]) + increase(x[5m])").needs) == 1
    assert len(planned("rate(x[5m]) + rate(x[6m])").needs) == 2


def test_a_subquery_is_aligned_to_absolute_time_and_rounded_up() -> None:
    plan = planned("max_over_time(x[100s:30s])", Window(1_000_500, 1_000_500, 0), lookback_ms=1000)
    assert spans(plan) == [(930_000 - 1000, 990_000)]


def test_a_subquery_without_a_step_takes_the_default() -> None:
    plan = planned("max_over_time(x[100s:])", Window(1_000_500, 1_000_500, 0), lookback_ms=1000, default_step_ms=7000)
    assert spans(plan) == [(903_000 - 1000, 994_000)]


def test_a_pinned_part_is_evaluated_at_one_step() -> None:
    plan = planned("x + sum(rate(y[5m] @ end()))")
    (repeat,) = (node for node in walk(plan.root) if isinstance(node, Repeat))
    assert repeat.expr.steps.count == 1
    assert spans(plan)[1] == (11 * HOUR - 300_000, 11 * HOUR)


def test_what_depends_on_the_instant_is_not_pinned_by_its_argument() -> None:
    for query in ("predict_linear(x[5m] @ 5, 60)", "minute(x @ 5)", "timestamp(timestamp(x @ 5))", "x @ 5 + time()"):
        assert planned(query).root.steps.count == 61
        assert not isinstance(planned(query).root, Repeat)


def test_an_instant_query_repeats_nothing() -> None:
    assert not [n for n in walk(planned("sum(x @ 5)", Window(HOUR, HOUR, 0)).root) if isinstance(n, Repeat)]


@pytest.mark.parametrize(
    ("query", "value"), [("1 + 2 * 3", 7.0), ("-(2 ^ 3)", -8.0), ("1 > bool 2", 0.0), ("7 % 4 atan2 1", 3.0)]
)
def test_constants_are_folded(query: str, value: float) -> None:
    root = planned(query).root
    assert isinstance(root, Number)
    if "atan2" not in query:
        assert root.value == value


def test_absent_is_told_what_it_misses() -> None:
    for query in ('absent(x{a="1", b=~"2", c!="3", d="4", d="5"})', 'absent_over_time(x{a="1", d="4", d="5"}[5m])'):
        root = planned(query).root
        assert isinstance(root, Absent)
        assert root.labels.as_dict() == {"a": "1"}


def test_timestamp_of_a_plain_selector_sees_samples_and_of_anything_else_steps() -> None:
    names = {node.name for node in walk(planned("timestamp((x))").root) if isinstance(node, Rollup)}
    assert names == {"timestamp"}
    assert {node.name for node in walk(planned("timestamp(-x)").root) if isinstance(node, Rollup)} == {""}


def test_windows_count_their_steps() -> None:
    assert Window(0, 100, 30).steps.times.tolist() == [0, 30, 60, 90]
    assert Window(5, 5, 0).instant
    assert not Window(5, 5, 15_000).instant
