"""`engine check` and `engine check-config`: what is said, and the exit codes."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from engine.cli.main import BAD_USAGE, cli

FINE = "groups: [{name: g, rules: [{record: a, expr: up}]}]"
LINT = "groups: [{name: g, rules: [{record: a, expr: up}, {record: a, expr: up}]}]"
BAD = "groups: [{}]"


def run(*words: str | Path) -> Result:
    return CliRunner().invoke(cli, [str(word) for word in words])


def file(folder: Path, text: str, name: str = "r.yml") -> Path:
    (folder / name).write_text(text)
    return folder / name


@pytest.mark.parametrize(("text", "code"), [(FINE, 0), (BAD, 2), (LINT, 3)])
@pytest.mark.parametrize("command", ["check", "check-config"])
def test_the_exit_code_tells_fine_from_refused_from_lint(command: str, text: str, code: int, tmp_path: Path) -> None:
    assert run(command, file(tmp_path, text)).exit_code == code


def test_the_worst_file_decides_and_each_has_its_line(tmp_path: Path) -> None:
    done = run("check", file(tmp_path, FINE, "a.yml"), file(tmp_path, BAD, "b.yml"), file(tmp_path, LINT, "c.yml"))
    assert done.exit_code == 2
    sums = [line.split(": ")[1] for line in done.stdout.splitlines() if line.endswith(")")]
    assert sums == ["fine (1 group, 1 rule)", "refused (1 mistake)", "1 finding (1 group, 2 rules)"]


def test_the_first_word_may_say_what_the_files_are(tmp_path: Path) -> None:
    assert run("check", "rules", file(tmp_path, FINE)).exit_code == 0
    done = run("check", "alertmanager", file(tmp_path, FINE))
    assert done.exit_code == 2
    assert 'unknown key "groups"' in done.stdout


def test_without_a_file_the_usage_is_told() -> None:
    for words in (["check"], ["check-config"], ["check", "rules"]):
        done = run(*words)
        assert done.exit_code == BAD_USAGE
        assert "Usage: " in done.stderr


def test_a_stack_is_judged_as_a_whole(tmp_path: Path) -> None:
    (tmp_path / "prometheus.yml").write_text("scrape_configs: [{job_name: a, static_configs: [{targets: ['a:1']}]}]")
    result = run("check", "stack", tmp_path, "--url", "http://127.0.0.1:1")
    assert result.exit_code == 0
    assert result.output.splitlines() == [
        f"{tmp_path}: fine (1 scrape job, 0 rule files, 0 rules)",
        "nothing answers at http://127.0.0.1:1: whether targets expose what rules ask for is not known (--url)",
    ]


def test_a_stack_with_findings_is_not_called_fine(tmp_path: Path) -> None:
    (tmp_path / "prometheus.yml").write_text("rule_files: [r.yml]")
    file(tmp_path, "groups: [{name: g, rules: [{record: a, expr: up}, {record: a, expr: up}, {record: b, expr: up}]}]")
    result = run("check", "stack", tmp_path, "--url", "http://127.0.0.1:1")
    assert result.exit_code == 3
    assert result.output.splitlines()[-2] == f"{tmp_path}: 1 finding (0 scrape jobs, 1 rule file, 3 rules)"


def test_a_path_within_a_container_leads_to_the_file_of_this_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "promtail").mkdir()
    (tmp_path / "promtail" / "x-config.yml").write_text("clients: [{url: 'http://loki:3100'}]\n")
    done = run("check-config", "/etc/promtail/x-config.yml")
    assert done.output.splitlines()[0] == "/etc/promtail/x-config.yml is read as promtail/x-config.yml"
    assert done.exit_code == 0
    assert run("check-config", "/etc/promtail/x-config.yml", "--no-translate").exit_code != 0
