"""Rule tests inside pytest, in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.conftest import PROJECT
from tests.testing.rules.files import FIRING, down, written


def pytest_in(folder: Path, *options: str) -> tuple[int, str]:
    command = [sys.executable, "-m", "pytest", "-p", "engine.testing.plugin", "-p", "no:cacheprovider", *options]
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
