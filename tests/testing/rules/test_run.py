"""Unit tests of rules: what passes, what fails, and what is said of it."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest

from engine.testing.rules.run import Suite, read, run
from engine.testing.rules.verdicts import Failure
from tests.testing.rules.files import FIRING, down, written


def ran(file: Suite) -> list[Failure]:
    assert not file.fatal, file.findings
    return [failure for _, scenario in file.scenarios() for failure in run(file, scenario)]


def asked(expr: str, *samples: dict[str, Any], at: str = "1m", values: str = "1 2 3") -> dict[str, Any]:
    return {
        "input_series": [{"series": "x", "values": values}],
        "promql_expr_test": [{"expr": expr, "eval_time": at, "exp_samples": list(samples)}],
    }


def test_an_alert_fires_once_it_has_held_for_long_enough(tmp_path: Path) -> None:
    early, late = down(eval_time="3m59s"), down(eval_time="4m", exp_alerts=[FIRING])
    assert ran(written(tmp_path, early, late)) == []


def test_an_alert_that_nobody_expected_is_a_failure(tmp_path: Path) -> None:
    (failure,) = ran(written(tmp_path, down(eval_time="4m")))
    assert failure.what == "alert Down, firing at 4m"
    assert [pair.expected for pair in failure.pairs] == [None]


@pytest.mark.parametrize(
    "change",
    [
        {"exp_labels": {"job": "a"}},
        {"exp_labels": {"job": "a", "severity": "page", "more": ""}},
        {"exp_annotations": {"summary": "a is down"}},
    ],
)
def test_labels_and_annotations_must_be_exactly_the_expected_ones(change: dict[str, Any], tmp_path: Path) -> None:
    assert len(ran(written(tmp_path, down(eval_time="4m", exp_alerts=[FIRING | change])))) == 1


def test_pending_alerts_are_looked_at_where_they_are_expected(tmp_path: Path) -> None:
    right, wrong = down(eval_time="3m", exp_pending=[FIRING]), down(eval_time="3m", exp_pending=[])
    assert ran(written(tmp_path, right)) == []
    assert [failure.what for failure in ran(written(tmp_path, wrong))] == ["alert Down, pending at 3m"]


def test_recorded_series_and_those_of_alerts_can_be_asked_for(tmp_path: Path) -> None:
    case = down(eval_time="0m") | {
        "promql_expr_test": [
            {"expr": "job:up:sum", "eval_time": "2m", "exp_samples": [{"labels": 'job:up:sum{job="a"}', "value": 0}]},
            {
                "expr": "ALERTS",
                "eval_time": "2m",
                "exp_samples": [
                    {"labels": 'ALERTS{alertname="Down",alertstate="pending",job="a",severity="page"}', "value": 1}
                ],
            },
        ]
    }
    assert ran(written(tmp_path, case)) == []


def test_templates_know_external_labels_and_address(tmp_path: Path) -> None:
    rule = {"alert": "A", "expr": "1", "annotations": {"at": "{{ $externalLabels.dc }} {{ externalURL }}"}}
    case = {
        "external_labels": {"dc": "x"},
        "external_url": "http://there",
        "alert_rule_test": [{"alertname": "A", "exp_alerts": [{"exp_annotations": {"at": "x http://there"}}]}],
    }
    assert ran(written(tmp_path, case, rules=[rule])) == []


def test_a_rule_that_fails_ends_its_scenario(tmp_path: Path) -> None:
    rule = {"record": "r", "expr": "x * on() x"}
    case = {"input_series": [{"series": f'x{{n="{n}"}}', "values": "1"} for n in "ab"]}
    (failure,) = ran(written(tmp_path, case, rules=[rule]))
    assert "rule r failed at 0s" in failure.reason


def test_samples_that_rules_have_written_already_are_a_failure(tmp_path: Path) -> None:
    rule = {"record": "x", "expr": "vector(7)"}
    (failure,) = ran(written(tmp_path, asked("x", at="2m", values="1 2 3"), rules=[rule]))
    assert "duplicate sample" in failure.reason


def test_groups_run_as_the_file_orders_them(tmp_path: Path) -> None:
    (tmp_path / "rules.yml").write_text(
        "groups: [{name: first, rules: [{record: b, expr: a}]}, {name: second, rules: [{record: a, expr: x}]}]"
    )
    tests = """
rule_files: [rules.yml]
group_eval_order: [%s]
tests: [{input_series: [{series: x, values: '1'}], promql_expr_test: [{expr: b, exp_samples: [{labels: b, value: 1}]}]}]
"""
    path = tmp_path / "tests.yml"
    failures = []
    for order in ("second, first", "first, second"):
        path.write_text(tests % order)
        failures.append(len(ran(read(path))))
    assert failures == [0, 1]


def test_numbers_are_compared_exactly_unless_the_file_says_otherwise(tmp_path: Path) -> None:
    case = asked("x / 10", {"labels": "{}", "value": 0.30000000000000004}, at="2m")
    assert len(ran(written(tmp_path, case))) == 1
    assert ran(written(tmp_path, case, fuzzy_compare=True)) == []
    far = asked("x / 10", {"labels": "{}", "value": 0.3001}, at="2m")
    assert len(ran(written(tmp_path, far, fuzzy_compare=True))) == 1


def test_nan_equals_nothing_and_the_failure_says_so(tmp_path: Path) -> None:
    path = tmp_path / "tests.yml"
    path.write_text("tests: [{promql_expr_test: [{expr: vector(NaN), exp_samples: [{labels: '{}', value: .nan}]}]}]")
    (failure,) = ran(read(path))
    assert failure.pairs[0].got is not None
    assert failure.pairs[0].got.value is not None
    assert math.isnan(failure.pairs[0].got.value)
    assert "NaN equals nothing" in failure.reason


def test_samples_come_at_the_interval_of_turns_unless_the_scenario_has_its_own(tmp_path: Path) -> None:
    case = asked("timestamp(x)", {"labels": "{}", "value": 60}, at="5m", values="1 2")
    assert ran(written(tmp_path, case)) == []
    assert len(ran(written(tmp_path, case | {"interval": "30s"}))) == 1
    assert len(ran(written(tmp_path, case, evaluation_interval="30s"))) == 1


def test_samples_after_the_last_turn_are_never_seen(tmp_path: Path) -> None:
    case = asked("x", {"labels": "x", "value": 1}, at="90s", values="1x6 2x10") | {"interval": "10s"}
    assert ran(written(tmp_path, case)) == []


def test_an_alert_that_no_rule_has_is_named_in_the_failure(tmp_path: Path) -> None:
    (failure,) = ran(written(tmp_path, {"alert_rule_test": [{"alertname": "Dwon", "exp_alerts": [{}]}]}))
    assert failure.reason == "no alerting rule is named Dwon"


def test_mistakes_of_all_files_are_found_before_anything_runs(tmp_path: Path) -> None:
    file = written(
        tmp_path,
        {"alert_rule_test": [{}], "input_series": [{"series": "x{", "values": "1y"}], "unheard": 1},
        rules=[{"record": "r", "expr": "sum("}],
        group_eval_order=["a", "a"],
    )
    assert file.fatal
    said = "\n".join(map(str, file.findings))
    for part in (
        "alertname",
        "unexpected end of input",
        '"1y" is no value',
        '"unheard"',
        "repeated",
        "could not parse",
    ):
        assert part in said


def test_a_pattern_without_files_is_only_a_warning(tmp_path: Path) -> None:
    path = tmp_path / "tests.yml"
    path.write_text("rule_files: [nothing*.yml]\ntests: []\n")
    file = read(path)
    assert not file.fatal
    assert "matches no file" in str(file.findings[0])
