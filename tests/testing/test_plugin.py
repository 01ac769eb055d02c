"""Rule tests inside pytest, in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from monitoring_engine_pytest import matches
from tests.conftest import PROJECT
from tests.testing.rules.files import FIRING, down, written


def pytest_in(folder: Path, *options: str) -> tuple[int, str]:
    command = [sys.executable, "-m", "pytest", "-p", "monitoring_engine_pytest", "-p", "no:cacheprovider", *options]
    environment = {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTHONPATH": str(PROJECT)}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=60, check=False)
    return done.returncode, done.stdout + done.stderr


def test_files_that_the_option_names_are_collected_and_run(tmp_path: Path) -> None:
    passing = down(eval_time="4m", exp_alerts=[FIRING]) | {"name": "falls"}
    written(tmp_path, passing, down(eval_time="4m"))
    (tmp_path / "pytest.ini").write_text("[pytest]\nrule_tests = test?.yml\n")
    status, said = pytest_in(tmp_path, "-v")
    assert status == 1, said
    assert "tests.yml::falls PASSED" in said
    assert "tests.yml::test 2 FAILED" in said
    assert "nothing  ≠ alert Down" in said


def test_a_mistake_in_a_file_fails_its_collection(tmp_path: Path) -> None:
    written(tmp_path, {"unheard": 1})
    (tmp_path / "pytest.ini").write_text("[pytest]\nrule_tests = tests.yml\n")
    status, said = pytest_in(tmp_path)
    assert status == 2
    assert 'unknown key "unheard"' in said


def test_a_project_that_does_not_use_it_imports_nothing_of_it(tmp_path: Path) -> None:
    written(tmp_path, down())
    (tmp_path / "test_it.py").write_text("import sys\ndef test_it():\n    assert 'numpy' not in sys.modules\n")
    status, said = pytest_in(tmp_path)
    assert status == 0, said
    assert "1 passed" in said


def test_patterns_are_from_the_root_folder_on_and_no_two_tests_have_one_name(tmp_path: Path) -> None:
    twice = down() | {"name": "same"}
    for folder in ("rules", "old/rules", "deep/a/b"):
        (tmp_path / folder).mkdir(parents=True)
        written(tmp_path / folder, twice, twice)
    (tmp_path / "pytest.ini").write_text("[pytest]\nrule_tests = rules/t*.yml deep/**/tests.yml\n")
    status, said = pytest_in(tmp_path, "-v")
    assert status == 0, said
    assert [line.split(" PASSED")[0] for line in said.splitlines() if " PASSED" in line] == [
        "deep/a/b/tests.yml::same",
        "deep/a/b/tests.yml::same (2)",
        "rules/tests.yml::same",
        "rules/tests.yml::same (2)",
    ]


@pytest.mark.parametrize(
    ("pattern", "path", "found"),
    [
        ("*.yml", "a.yml", True),
        ("*.yml", "b/a.yml", False),
        ("**/*.yml", "a.yml", True),
        ("**/*.yml", "b/c/a.yml", True),
        ("b/**/a.yml", "b/a.yml", True),
        ("b/**", "b/c/a.yml", False),
        ("b/**/*", "b/c/a.yml", True),
        ("b", "b/a.yml", False),
    ],
)
def test_a_pattern_is_matched_folder_by_folder(pattern: str, path: str, *, found: bool) -> None:
    assert matches(pattern.split("/"), path.split("/")) is found
