"""What one side of a set operator asks for, the other need not fetch. (That answers stay the same, the twins say.)"""

from __future__ import annotations

import pytest

from promql.plan.narrowing import narrowed
from promql.syntax.parser import parse
from promql.syntax.printer import print_expr


@pytest.mark.parametrize(
    ("text", "narrow"),
    [
        ("a{x='1'} and b", 'a{x="1"} and b{x="1"}'),
        ("a and b{x='1'}", 'a{x="1"} and b{x="1"}'),
        ("a{x='1'} unless b", 'a{x="1"} unless b{x="1"}'),
        ("a{x='1', y=~'2|3'} and on (x) b", 'a{x="1",y=~"2|3"} and on (x) b{x="1"}'),
        ("a{x='1', y='2'} and ignoring (x) b", 'a{x="1",y="2"} and ignoring (x) b{y="2"}'),
        ("rate(a{x='1'}[5m]) and sum by (x, z) (b)", 'rate(a{x="1"}[5m]) and sum by (x, z) (b{x="1"})'),
        ("a{x='1'} unless topk without (y) (3, b)", 'a{x="1"} unless topk without (y) (3, b{x="1"})'),
        ("sum by (x) (a{x='1', y='2'}) and abs(b)", 'sum by (x) (a{x="1",y="2"}) and abs(b{x="1"})'),
        ("-a{x='1'} and (max_over_time(b[5m:1m]))", '-a{x="1"} and (max_over_time(b[5m:1m]))'),
        ("topk(2, a{x='1'}) and -b", 'topk(2, a{x="1"}) and -b{x="1"}'),
        ("(a and b) and c{x='1'}", '(a{x="1"} and b) and c{x="1"}'),
        ("a{x='1'} and (b unless c)", 'a{x="1"} and (b{x="1"} unless c)'),
        ("quantile_over_time(0.5, a{x='1'}[5m]) and b", 'quantile_over_time(0.5, a{x="1"}[5m]) and b{x="1"}'),
        ("sum(a{x='1'} and b)", 'sum(a{x="1"} and b{x="1"})'),
    ],
)
def test_conditions_are_put_to_the_other_side(text: str, narrow: str) -> None:
    assert print_expr(narrowed(parse(text))) == narrow


@pytest.mark.parametrize(
    "text",
    [
        "a unless b{x='1'}",
        "a or b{x='1'}",
        "a + b{x='1'}",
        "a and on (y) b{x='1'}",
        "a and ignoring (x) b{x='1'}",
        "{__name__='a'} and on (__name__) {__name__='b'}",
        "a{x='1'} and label_replace(b, 'x', '1', 'y', '2')",
        "a{x='1'} and absent(b)",
        "a{x='1'} and vector(1)",
        "a{x='1'} and (b + c)",
        "a{x='1'} and (b or c)",
        "a{x='1'} and count_values('x', b)",
        "a{x='1'} and sum without (x) (b)",
        "a{x='1'} and limit_ratio(0.5, b)",
        "a{x='1'} and rate({__name__=~'b|c'}[5m])",
        "sum without (x) (a{x='1'}) and b",
        "a{x='1'} and topk(3, b)",
    ],
)
def test_nothing_is_put_where_it_might_change_an_answer_or_an_error(text: str) -> None:
    assert narrowed(parse(text)) == parse(text)
