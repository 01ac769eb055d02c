from __future__ import annotations

from promql.plan.build import build
from promql.plan.explain import explain
from promql.plan.window import Window
from promql.syntax.parser import parse


def test_a_plan_reads_from_the_answer_to_what_is_fetched() -> None:
    plan = build(parse("sum by (job) (rate(x[5m])) / scalar(y @ 5)"), Window(600_250, 720_250, 60_000))
    assert explain(plan).splitlines() == [
        "/ at 3 steps from 1970-01-01T00:10:00.25Z by 1m",
        "  sum by (job) at 3 steps from 1970-01-01T00:10:00.25Z by 1m",
        "    rate over 5m at 3 steps from 1970-01-01T00:10:00.25Z by 1m",
        '      fetch {__name__="x"} from 1970-01-01T00:05:00.25Z to 1970-01-01T00:12:00.25Z (range)',
        "  once, repeated at 3 steps from 1970-01-01T00:10:00.25Z by 1m",
        "    scalar at 1970-01-01T00:10:00.25Z",
        "      newest over 5m at 1970-01-01T00:10:00.25Z",
        '        fetch {__name__="y"} from 1969-12-31T23:55:05Z to 1970-01-01T00:00:05Z (newest)',
    ]


def test_times_that_no_calendar_has_are_unix_seconds() -> None:
    fetch = explain(build(parse("x @ 1e12"), Window(0, 0, 0))).splitlines()[-1].strip()
    assert fetch == 'fetch {__name__="x"} from 999999999700.000 to 1000000000000.000 (newest)'


def test_every_kind_of_node_has_a_line() -> None:
    for query in (
        'label_replace(-x, "a", "b", "c", "d")',
        "absent(x)",
        "max_over_time(x[5m:1m])",
        "x[5m]",
        "timestamp(x)",
        "1",
    ):
        assert explain(build(parse(query), Window(0, 0, 0)))
