"""Queries of dashboards, with whatever their variables stand for."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.config.stack.dashboards import Query, fault, queries
from engine.config.stack.grafana import boards
from engine.config.stack.places import Places


@pytest.mark.parametrize(
    "text",
    [
        'rate(up{job="$job", instance=~"${instance:regex}"}[$__rate_interval])',
        "sum by ($label) (rate([[metric]]_total[${window}]))",
        "topk($count, $metric)",
        "${aggregation}(up) by (job)",
        "up offset $shift",
        "increase(up[$__interval]) * $__interval_ms / $__range_s",
        "quantile_over_time($q, up[5m:$resolution])",
        "avg_over_time(up[${__range_s}s])",
    ],
)
def test_variables_may_be_names_numbers_durations_and_functions(text: str) -> None:
    assert fault(text) == ""


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("sum(rate(up[5m])", "1:17: parse error: unclosed left parenthesis"),
        ("rate($metric)", "parse error: expected type range vector in call to function"),
        ("topk_max(3, up)", 'unknown function with name "topk_max"'),
    ],
)
def test_what_parses_in_no_way_is_a_fault(text: str, said: str) -> None:
    assert said in fault(text)


def test_panels_in_rows_and_of_other_languages() -> None:
    board: dict[str, Any] = {
        "panels": [
            {"title": "a", "targets": [{"refId": "A", "expr": "up"}, {"refId": "B", "expr": " "}, {"refId": "C"}]},
            {"title": "row", "type": "row", "panels": [{"title": "b", "targets": [{"refId": "A", "expr": "down"}]}]},
            {"title": "logs", "datasource": {"type": "loki"}, "targets": [{"refId": "A", "expr": '{a="b"} |= "c"'}]},
            {"title": "mixed", "targets": [{"refId": "A", "expr": "{a}", "datasource": {"uid": "${loki_source}"}}]},
        ],
        "rows": [{"panels": [{"title": "old", "targets": [{"refId": "A", "expr": "older"}]}]}],
    }
    assert list(queries(board)) == [
        Query('panel "a", query A', "up"), Query('panel "b", query A', "down"), Query('panel "old", query A', "older"),
    ]  # fmt: skip


def test_a_fault_is_told_with_its_place(tmp_path: Path) -> None:
    board = {"title": "t", "panels": [{"title": "p", "targets": [{"refId": "A", "expr": 'sum(up{a="b"}'}]}]}
    (tmp_path / "board.json").write_text(json.dumps(board, indent="\t"))
    (tmp_path / "other.json").write_text('{"no": "dashboard"}')
    (tmp_path / "broken.json").write_text("{")
    count, (finding,) = boards(tmp_path, Places(tmp_path))
    assert count == 1
    assert str(finding) == (
        f'{tmp_path / "board.json"}:9:14: panel "p", query A: 1:14: parse error: unclosed left parenthesis'
    )


@pytest.mark.parametrize(
    "board",
    [
        {"rows": 5}, {"rows": [{"panels": 5}, 5]}, {"panels": [{"targets": 5}, {"panels": 5}, 5]},
        {"panels": [{"targets": {"expr": "up"}}]},
    ],
)  # fmt: skip
def test_what_only_looks_like_a_dashboard_has_no_queries(board: dict[str, Any], tmp_path: Path) -> None:
    (tmp_path / "folder.json").mkdir()
    (tmp_path / "board.json").write_text(json.dumps(board))
    assert boards(tmp_path, Places(tmp_path)) == (1, [])


def test_public_dashboards_have_no_faults_but_those_of_another_language(conformance: Path) -> None:
    count, found = boards(conformance / "grafana", Places(conformance))
    assert count == 25
    assert {Path(finding.file).name for finding in found} == {  # MetricsQL, which Prometheus does not read either
        "VictoriaMetrics__alert-statistics.json", "VictoriaMetrics__vmalert.json",
    }  # fmt: skip


@given(st.text(st.sampled_from("$[]{}()\"' ab_:1"), max_size=30))
def test_any_text_is_fine_or_has_a_fault(text: str) -> None:
    assert isinstance(fault(text), str)
