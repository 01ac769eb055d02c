"""`engine test rules` as a command: what it prints, writes and exits with."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from engine.cli.testing.test import test as command
from tests.testing.rules.files import FIRING, down, written

PASSES: dict[str, Any] = down(eval_time="4m", exp_alerts=[FIRING]) | {"name": "falls"}
FAILS: dict[str, Any] = down(eval_time="4m") | {"name": "stays up"}


def invoke(folder: Path, *words: str) -> Result:
    return CliRunner().invoke(command, ["rules", str(folder / "tests.yml"), *words])


@pytest.mark.parametrize(("scenarios", "status"), [([PASSES], 0), ([PASSES, FAILS], 1), ([{"unheard": 1}], 2)])
def test_the_exit_code_tells_passed_failed_and_refused_apart(
    scenarios: list[dict[str, Any]], status: int, tmp_path: Path
) -> None:
    written(tmp_path, *scenarios)
    assert invoke(tmp_path).exit_code == status


def test_only_the_tests_that_are_asked_for_are_run(tmp_path: Path) -> None:
    written(tmp_path, PASSES, FAILS)
    assert invoke(tmp_path, "--run", "fal+s").output == f"{tmp_path}/tests.yml: 1 passed\n"
    assert invoke(tmp_path, "--run", "fal+s", "--run", "^stays").exit_code == 1
    written(tmp_path, {**PASSES, "name": ""}, FAILS)
    assert invoke(tmp_path, "--run", "test 1").output == f"{tmp_path}/tests.yml: 1 passed\n"
    assert "missing closing )" in invoke(tmp_path, "--run", "(").output


def test_results_are_written_as_junit_too(tmp_path: Path) -> None:
    written(tmp_path, PASSES)
    assert invoke(tmp_path, "--junit", str(tmp_path / "out.xml")).exit_code == 0
    assert b'name="falls"' in (tmp_path / "out.xml").read_bytes()
    refused = invoke(tmp_path, "--junit", str(tmp_path / "no" / "out.xml"))
    assert refused.exit_code == 1
    assert "No such file" in refused.output


def test_coverage_names_the_rules_that_no_test_has_looked_at(tmp_path: Path) -> None:
    written(tmp_path, PASSES)
    assert invoke(tmp_path, "--coverage").output.endswith(
        f"rules tested: 1 of 2 (50%)\n  {tmp_path}/rules.yml: g: record job:up:sum: never tested\n"
    )
