"""Rule files become rules that can be run."""

from __future__ import annotations

import pytest

from engine.config.rules import parse_rules
from engine.rules.config import Rule, RuleFile, RuleGroup
from engine.rules.load import group_specs
from engine.rules.spec import AlertingRule, RecordingRule
from promql.errors import ParseError
from promql.model.durations import Duration

FILE = RuleFile(
    groups=(
        RuleGroup(
            name="g",
            limit=3,
            rules=(
                Rule(record="a", expr="sum( x)", labels={"l": "v"}),
                Rule(
                    alert="Down",
                    expr="up==0",
                    for_=Duration(90_000),
                    keep_firing_for=Duration(1000),
                    labels={"severity": "page"},
                    annotations={"summary": "{{ $value }}"},
                ),
            ),
        ),
        RuleGroup(name="own", interval=Duration(5000)),
    )
)


def test_times_become_milliseconds_and_expressions_canonical() -> None:
    first, second = group_specs({"f.yml": FILE}, 60_000)
    assert (first.key, first.interval, first.limit) == ("f.yml;g", 60_000, 3)
    assert (second.key, second.interval, second.rules) == ("f.yml;own", 5000, ())
    written, alert = first.rules
    assert isinstance(written, RecordingRule)
    assert (written.name, written.query, written.labels) == ("a", "sum(x)", {"l": "v"})
    assert isinstance(alert, AlertingRule)
    assert (alert.query, alert.hold, alert.keep_firing) == ("up == 0", 90_000, 1000)


def test_loading_the_same_twice_gives_equal_groups() -> None:
    assert group_specs({"f.yml": FILE}, 60_000) == group_specs({"f.yml": FILE}, 60_000)
    assert group_specs({"f.yml": FILE}, 60_000) != group_specs({"f.yml": FILE}, 30_000)


def test_an_expression_that_is_none_is_an_error() -> None:
    broken = RuleFile(groups=(RuleGroup(name="g", rules=(Rule(record="a", expr="sum("),)),))
    with pytest.raises(ParseError):
        group_specs({"f.yml": broken}, 60_000)


def test_labels_and_offset_of_a_group_are_those_of_its_rules() -> None:
    text = """
groups:
- {name: a, labels: {team: x, tier: y}, rules: [{record: r, expr: up, labels: {tier: z}}, {alert: A, expr: up}]}
- {name: b, query_offset: 0s, rules: [{record: r, expr: up}]}
- {name: c, query_offset: 2m, rules: [{record: r, expr: up}]}
"""
    first, *rest = group_specs({"f.yml": parse_rules(text, "f.yml").value}, 60_000, 30_000)
    assert [dict(rule.labels) for rule in first.rules] == [{"team": "x", "tier": "z"}, {"team": "x", "tier": "y"}]
    assert [spec.query_offset for spec in (first, *rest)] == [30_000, 0, 120_000]


def test_names_of_files_that_are_no_text_can_be_told() -> None:
    files = {"a\udcff.yml": FILE, "b\udcff.yml": FILE}
    assert {one.file for one in group_specs(files, 60_000)} == {"a\ufffd.yml", "b\ufffd.yml"}
