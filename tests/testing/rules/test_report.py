"""What a failure looks like, as text and as JUnit's XML; and what coverage says."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree as ET

from hypothesis import given
from hypothesis import strategies as st

from engine.testing.rules.coverage import Degree, coverage
from engine.testing.rules.coverage import render as render_coverage
from engine.testing.rules.junit import CaseResult, document
from engine.testing.rules.report import render
from engine.testing.rules.verdicts import Failure, Thing, compare
from tests.testing.rules.files import FIRING, down, written


def test_expected_and_got_stand_side_by_side_with_a_mark_where_they_differ() -> None:
    expected = Thing({"alertname": "Down", "job": "a", "severity": "page"}, {"summary": "x"})
    got = Thing({"alertname": "Down", "job": "a", "severity": "warn"}, {"summary": "x"})
    failure = compare("alert Down, firing at 4m", [expected], [got])
    assert failure is not None
    assert list(render([failure])) == [
        "alert Down, firing at 4m:",
        "  expected                    got",
        "  alert Down                  alert Down",
        '    job="a"                     job="a"',
        '    severity="page"         ≠   severity="warn"',
        '    annotation summary: "x"     annotation summary: "x"',
    ]


def test_what_has_no_other_side_stands_beside_nothing() -> None:
    failure = compare("x at 0s", [], [Thing({"__name__": "x"}, value=1.0)])
    assert failure is not None
    assert list(render([failure]))[2:] == ["  nothing  ≠ sample x", "           ≠   1"]


def test_the_nearest_ones_are_compared() -> None:
    wanted = [Thing({"n": "a"}, value=1.0), Thing({"n": "b"}, value=2.0)]
    failure = compare("x", wanted, [Thing({"n": "b"}, value=3.0), Thing({"n": "a"}, value=1.0)])
    assert failure is not None
    assert [(p.expected and p.expected.value, p.got and p.got.value, p.same) for p in failure.pairs] == [
        (1.0, 1.0, True),
        (2.0, 3.0, False),
    ]


def test_long_lines_stay_within_the_width() -> None:
    failure = compare("x", [Thing({"text": "word " * 40})], [Thing({"text": "other " * 40})])
    assert failure is not None
    assert max(map(len, render([failure], 80))) <= 80


def test_results_are_written_as_junit_has_them() -> None:
    results = [
        CaseResult("a.yml", "one", 0.5),
        CaseResult("a.yml", "two", 0.1, [Failure("x at 0s", reason="bad \x00 <tag>")]),
        CaseResult("b.yml", "b.yml", 0.0, error="unknown key"),
    ]
    root = ET.fromstring(document(results))
    assert [(suite.get("name"), suite.get("tests"), suite.get("failures"), suite.get("errors")) for suite in root] == [
        ("a.yml", "2", "1", "0"),
        ("b.yml", "1", "0", "1"),
    ]
    assert "bad \ufffd <tag>" in root.findtext("testsuite/testcase/failure", "")


def test_a_rule_is_covered_by_what_was_expected_of_it(tmp_path: Path) -> None:
    rules = [
        {"record": "inner", "expr": "sum(up)"},
        {"record": "outer", "expr": "inner * 2"},
        {"record": "other", "expr": "sum(up)"},
        {"alert": "Down", "expr": "up == 0", "for": "2m", "labels": FIRING["exp_labels"]},
        {"record": "empty", "expr": "up == 3"},
        {"alert": "Quiet", "expr": "up == 2"},
        {"alert": "Seen", "expr": "up == 1"},
    ]
    case = down(eval_time="4m", exp_alerts=[FIRING])
    case["alert_rule_test"].append({"alertname": "Quiet"})
    case["promql_expr_test"] = [
        {"expr": "outer", "exp_samples": [{"labels": "outer", "value": 2}]},
        {"expr": 'ALERTS{alertname="Seen"}', "exp_samples": [{"labels": "ALERTS", "value": 1}]},
        {"expr": "empty"},
    ]
    covered = coverage([written(tmp_path, case, rules=rules)])
    assert {one.name: one.tested for one in covered} == {
        "inner": Degree.THROUGH,
        "outer": Degree.YES,
        "other": Degree.NO,
        "Down": Degree.YES,
        "empty": Degree.QUIET,
        "Quiet": Degree.QUIET,
        "Seen": Degree.YES,
    }
    assert next(iter(render_coverage(covered))) == "rules tested: 3 of 7 (43%)"


def test_rules_of_one_name_are_told_apart_by_their_labels(tmp_path: Path) -> None:
    rules = [
        {"alert": "Down", "expr": "up == 0", "for": "2m", "labels": {"severity": "page"}},
        {"alert": "Down", "expr": "up == 0", "for": "1h", "labels": {"severity": "call"}},
        {"alert": "Down", "expr": "up == 0", "for": "1h", "labels": {"severity": "{{ $labels.job }}"}},
        {"record": "r", "expr": "up", "labels": {"of": "one"}},
        {"record": "r", "expr": "up", "labels": {"of": "two"}},
        {"record": "used", "expr": 'r{of=~"t.*"}'},
    ]
    case = down(eval_time="4m", exp_alerts=[{"exp_labels": {"job": "a", "severity": "page"}}])
    case["promql_expr_test"] = [{"expr": "used", "exp_samples": [{"labels": "used", "value": 1}]}]
    covered = coverage([written(tmp_path, case, rules=rules)])
    quiet, maybe = Degree.QUIET, Degree.YES  # a template may give any value
    assert [one.tested for one in covered] == [Degree.YES, quiet, maybe, Degree.NO, Degree.THROUGH, Degree.YES]


@given(text=st.text(st.characters()))
def test_whatever_stands_in_names_and_messages_the_xml_can_be_read(text: str) -> None:
    results = [CaseResult(text, text, 0.0, [Failure(text, reason=text)]), CaseResult(text, text, 0.0, error=text)]
    assert len(ET.fromstring(document(results)).findall("testsuite/testcase")) == 2


def test_what_xml_has_no_place_for_is_replaced_in_names_too() -> None:
    root = ET.fromstring(document([CaseResult("a\x01\ufffe\udc80.yml", "n\x02", 0.0)]))
    assert root[0].get("name") == "a\ufffd\ufffd\ufffd.yml"
