from __future__ import annotations

from promql.plan.build import build
from promql.plan.explain import explain
from promql.plan.window import Window
from promql.syntax.parser import parse


def test_a_plan_reads_from_the_answer_to_what_is_fetched() -> None:
    plan = build(parse("sum by (job) (rate(x[5m])) / scalar(y @ 5)"), Window(600_000, 720_000, 60_000))
    assert explain(plan).splitlines() == [
        "/ at 3 steps from 600000 by 60000",
        "  sum by (job) at 3 steps from 600000 by 60000",
        "    rate over 5m at 3 steps from 600000 by 60000",
        '      fetch {__name__="x"} from 300000 to 720000 (range)',
        "  once, repeated at 3 steps from 600000 by 60000",
        "    scalar at 600000",
        "      newest over 5m at 600000",
        '        fetch {__name__="y"} from -295000 to 5000 (instant)',
    ]


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
