"""Which rules are asked about together, and that it changes nothing."""

from __future__ import annotations

import pytest

from engine.rules.batches import LONGEST, batches
from engine.rules.spec import AlertingRule, RecordingRule, Rule
from promql.syntax.parser import parse


def record(name: str, text: str) -> Rule:
    return RecordingRule(name, parse(text), text)


def alert(name: str, text: str) -> Rule:
    return AlertingRule(name, parse(text), text)


@pytest.mark.parametrize(
    ("rules", "cut"),
    [
        ([], []),
        ([record("a", "x"), record("b", "y"), alert("C", "rate(x[5m]) > 1")], [3]),
        ([record("a", "x"), record("b", "sum(a)"), record("c", "x")], [1, 2]),
        ([record("a", "b"), record("b", "x")], [2]),
        ([alert("A", "x"), alert("B", "ALERTS")], [1, 1]),
        ([alert("A", "x"), record("b", 'count(ALERTS_FOR_STATE{alertname="A"})')], [1, 1]),
        ([record("a", "x"), record("b", '{job="j"}')], [1, 1]),
        ([record("a", "x"), record("b", '{__name__=~"z.*"}'), record("c", "x")], [1, 2]),
        ([record("a", "1"), record("b", "time()")], [2]),
        ([record("target_info", "x"), record("b", "info(y)"), record("c", "z")], [1, 2]),
        ([alert("A", "x")] * (LONGEST + 1), [LONGEST, 1]),
    ],
)
def test_a_rule_waits_for_those_whose_series_it_reads(rules: list[Rule], cut: list[int]) -> None:
    found = batches(rules)
    assert [one.stop - one.start for one in found] == cut
    assert [rule for one in found for rule in rules[one]] == rules
