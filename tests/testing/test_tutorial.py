"""The tutorial's tests on the demo's back end pass as they stand there."""

from __future__ import annotations

import os
import subprocess
import sys

from tests.conftest import PROJECT


def test_the_tests_of_the_demo_pass() -> None:
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-p", "monitoring_engine_pytest", "-q"]
    environment = {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    done = subprocess.run(
        command,
        cwd=PROJECT / "examples" / "demo",
        env=environment,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "4 passed" in done.stdout


def test_the_tutorial_shows_tests_that_there_are() -> None:
    written = (PROJECT / "examples" / "demo" / "tests" / "test_alerts.py").read_text()
    shown = (PROJECT / "docs" / "testing.md").read_text()
    for name in ("test_exceptions_wake_the_pager", "test_a_service_that_is_gone_is_told_and_so_is_its_return"):
        assert f"def {name}(" in written
        assert f"def {name}(" in shown
