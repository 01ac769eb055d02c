"""Lint of rule files, with places."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.config.check import FINE, LINT, Judging, check
from engine.config.lint import ALL, DEFAULT

RULES = """
groups:
- name: g
  rules:
  - alert: Slow
    expr: sum by (job) (rate(http_requests_total[5m])) > 3
    labels:
      severity: page
    annotations:
      summary: '{{ $labels.job }} on {{ $labels.instance }}'
  - record: job:memory:rate
    expr: rate(process_resident_memory_bytes[5m])
- name: h
  rules:
  - alert: Slow
    expr: a_seconds > b_milliseconds
    labels: {severity: page}
    for: 1m
"""


def said(folder: Path, lints: frozenset[str], text: str = RULES) -> list[str]:
    path = folder / "r.yml"
    path.write_text(text)
    found = check(path, "rules", Judging(lints=lints)).findings
    return [f"{f.line}:{f.column}: {f.message}".replace(str(path), "r.yml") for f in found]


def test_every_lint_names_its_line(tmp_path: Path) -> None:
    gauge = "process_resident_memory_bytes, which by its name is a gauge (a counter's ends in _total)"
    assert said(tmp_path, frozenset(ALL)) == [
        '5:12: without "for", a single evaluation makes it fire',
        "10:16: $labels.instance is always empty: the expression gives no label instance",
        f"12:11: rate() of {gauge}: did you mean deriv()?",
        "15:12: the rule at r.yml:5 has the same name and labels: they overwrite each other",
        '16:11: ">" between seconds and milliseconds: multiply one of them first',
    ]


def test_only_the_lints_that_are_wanted_are_told(tmp_path: Path) -> None:
    assert len(said(tmp_path, frozenset({"duplicate-rules"}))) == 1
    assert said(tmp_path, frozenset()) == []
    assert set(ALL) - {"no-for"} == DEFAULT


def test_lint_alone_has_an_exit_code_of_its_own(tmp_path: Path) -> None:
    path = tmp_path / "r.yml"
    path.write_text(RULES)
    assert check(path, "rules").exit_code == LINT
    assert check(path, "rules", Judging(lints=frozenset())).exit_code == FINE


def test_a_file_with_mistakes_is_not_linted(tmp_path: Path) -> None:
    assert said(tmp_path, frozenset(ALL), RULES.replace("a_seconds >", "a_seconds >>")) != []
    assert all(
        "did you mean" not in one for one in said(tmp_path, frozenset(ALL), RULES + "    fro: 1m\n") if "fro" not in one
    )


@pytest.mark.parametrize("text", ["{{ .Labels.instance }}", "$labels.instance", "{{ $labels.job }}", "{{ $value }}"])
def test_what_is_no_label_of_the_sample_is_no_finding(text: str, tmp_path: Path) -> None:
    rules = RULES.replace("{{ $labels.job }} on {{ $labels.instance }}", text)
    assert said(tmp_path, frozenset({"template-labels"}), rules) == []


def test_duplicates_are_found_across_files(tmp_path: Path) -> None:
    for name in "ab":
        (tmp_path / f"{name}.yml").write_text("groups: [{name: g, rules: [{record: x, expr: up}]}]")
    (tmp_path / "p.yml").write_text("rule_files: [a.yml, b.yml]")
    (found,) = check(tmp_path / "p.yml", "config").findings
    assert (Path(found.file).name, "a.yml:1" in found.message) == ("b.yml", True)
