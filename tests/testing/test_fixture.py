"""The fixture `engine`, in projects of their own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import PROJECT
from tests.testing.engine.files import project

INI = """
[pytest]
engine_rules = rules.yml
engine_alertmanager = alertmanager.yml
"""
TESTS = """
import pytest

def page():
    return "up_and_running 1\\n"

@pytest.mark.parametrize("number", range(3))
def test_a_service_that_is_there(engine, number):
    engine.add_target(page, job="api")
    engine.advance("5m")
    engine.assert_not_firing("ServiceDown", job="api")
    assert engine.notifications == []
"""


def pytest_in(folder: Path, *options: str, path: Path = PROJECT) -> tuple[int, str]:
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *options]
    environment = {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTHONPATH": str(path)}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=60, check=False)
    return done.returncode, done.stdout + done.stderr


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    project(tmp_path)
    (tmp_path / "pytest.ini").write_text(INI)
    return tmp_path


def test_the_projects_rules_are_tried_in_several_processes_at_once(folder: Path) -> None:
    (folder / "test_it.py").write_text(TESTS)
    status, said = pytest_in(folder, "-p", "monitoring_engine_pytest", "-p", "xdist", "-n", "2")
    assert status == 0, said
    assert "3 passed" in said


def test_a_failure_shows_what_the_engine_has_seen(folder: Path) -> None:
    (folder / "test_it.py").write_text(
        "def test_it(engine):\n"
        "    engine.add_target(lambda: 'cars 3\\n', job='api')\n"
        "    engine.advance('2m')\n"
        "    assert engine.query('cars').value == 4\n"
    )
    status, said = pytest_in(folder, "-p", "monitoring_engine_pytest")
    assert status == 1
    assert "2m have gone by" in said
    assert 'always 3  cars{instance="api:80", job="api"}' in said


def test_a_mistake_is_shown_at_the_tests_own_line_and_nothing_of_the_engines(folder: Path) -> None:
    (folder / "test_it.py").write_text(
        "def test_query(engine):\n    engine.query('sum(')\n"
        "def test_alert(engine):\n    engine.assert_firing('ServiceDown')\n"
        "def test_wait(engine):\n    engine.wait_until('up == 7', timeout='1m')\n"
    )
    status, said = pytest_in(folder, "-p", "monitoring_engine_pytest", "--tb=short")
    assert status == 1
    assert "3 failed" in said
    assert "During handling" not in said
    assert "engine/testing" not in said
    assert "runners.py" not in said


def test_files_that_cannot_be_used_are_told_without_a_traceback(folder: Path) -> None:
    (folder / "alertmanager.yml").unlink()
    (folder / "test_it.py").write_text("def test_it(engine):\n    pass\n")
    status, said = pytest_in(folder, "-p", "monitoring_engine_pytest")
    assert status == 1
    assert "the engine can't be made: " in said
    assert "alertmanager.yml:1:1: can't be read: No such file or directory" in said
    assert "raise ConfigError" not in said


def test_a_report_that_cannot_be_made_ends_no_session(folder: Path) -> None:
    (folder / "conftest.py").write_text(
        "import pytest\n"
        "class Broken:\n"
        "    def report(self):\n"
        "        raise ZeroDivisionError\n"
        "@pytest.fixture\n"
        "def engine():\n"
        "    return Broken()\n"
    )
    (folder / "test_it.py").write_text("def test_it(engine):\n    assert 0\ndef test_next():\n    pass\n")
    status, said = pytest_in(folder, "-p", "monitoring_engine_pytest")
    assert status == 1
    assert "what it has seen can't be told: ZeroDivisionError()" in said
    assert "1 failed, 1 passed" in said


def test_options_may_be_given_by_a_fixture(folder: Path) -> None:
    (folder / "test_it.py").write_text(
        "import pytest\n"
        "@pytest.fixture\n"
        "def engine_options():\n"
        "    return {'interval': '1s'}\n"
        "def test_it(engine):\n"
        "    engine.add_target(lambda: 'cars 3\\n')\n"
        "    engine.advance('10s')\n"
        "    assert len(engine.series('cars')[0].times) == 10\n"
    )
    status, said = pytest_in(folder, "-p", "monitoring_engine_pytest")
    assert status == 0, said


def test_a_package_of_the_projects_own_of_the_same_name_is_told_and_hurts_only_who_uses_the_fixture(
    folder: Path,
) -> None:
    (folder / "engine").mkdir()
    (folder / "engine" / "__init__.py").write_text("horsepower = 90\n")
    (folder / "test_it.py").write_text(
        "import engine as own\ndef test_own():\n    assert own.horsepower == 90\ndef test_ours(engine):\n    pass\n"
    )
    status, said = pytest_in(folder, "-p", "monitoring_engine_pytest")
    assert status == 1
    assert "1 passed, 1 error" in said
    assert "which hides monitoring-engine's package" in said
    assert "engine run --ready-file FILE --exit-on-stdin-close" in said


def test_a_project_with_a_fixture_of_the_same_name_keeps_its_own(folder: Path) -> None:
    (folder / "conftest.py").write_text("import pytest\n@pytest.fixture\ndef engine():\n    return 'diesel'\n")
    (folder / "test_it.py").write_text("def test_it(engine):\n    assert engine == 'diesel'\n")
    status, said = pytest_in(folder, "-p", "monitoring_engine_pytest")
    assert status == 0, said
