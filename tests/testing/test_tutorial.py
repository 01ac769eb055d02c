"""The tutorial's tests on the demo's back end pass, as they stand in the demo and as they stand on the page."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from tests.conftest import PROJECT

DEMO = PROJECT / "examples" / "demo"


def passing(folder: Path, *options: str) -> str:
    """What pytest says of a folder whose tests all pass."""
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-p",
        "no:cacheprovider",
        "-p",
        "monitoring_engine_pytest",
        "-q",
        *options,
    ]
    environment = {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTHONPATH": str(PROJECT)}
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=100, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_tests_of_the_demo_pass() -> None:
    assert "4 passed" in passing(DEMO)


def test_every_test_that_the_pages_show_passes_word_by_word(tmp_path: Path) -> None:
    pages = [PROJECT / "docs" / place / "testing.md" for place in ("", "ko")]
    shown = [block for page in pages for block in re.findall(r"```python\n(.*?)```", page.read_text(), re.DOTALL)]
    assert len(shown) == 5
    folder = tmp_path / "demo"
    shutil.copytree(DEMO, folder, ignore=shutil.ignore_patterns("tests", "__pycache__"))
    (folder / "test_page.py").write_text("\n\n".join(shown))
    assert "4 passed" in passing(folder, "-p", "pytest_asyncio.plugin", "-o", "asyncio_mode=auto", "test_page.py")
