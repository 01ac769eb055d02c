"""What a command does not need is not imported: `engine --help` answers before numpy could even be found."""

from __future__ import annotations

import subprocess
import sys
from typing import Final

import pytest

HEAVY: Final = ("aiohttp", "aiosmtplib", "cramjam", "lark", "numpy", "psutil", "re2", "yaml")
AS_A_MODULE: Final = "import engine.cli.main"
AS_A_COMMAND: Final = """
import sys
from engine.cli.main import main
sys.argv = ["engine", {argument!r}]
try:
    main()
except SystemExit as end:
    assert not end.code, end
"""
TELL: Final = f"\nimport sys\nprint(*sorted(set({HEAVY!r}) & set(sys.modules)), file=sys.stderr)"


def imported(program: str) -> tuple[str, list[str]]:
    """What the program printed, and the heavy packages that it imported."""
    ran = subprocess.run([sys.executable, "-c", program + TELL], capture_output=True, text=True, check=True)
    return ran.stdout, ran.stderr.split()


def test_the_entry_point_imports_nothing_heavy() -> None:
    assert imported(AS_A_MODULE) == ("", [])


@pytest.mark.parametrize("argument", ["--help", "--version"])
def test_help_and_version_import_nothing_heavy(argument: str) -> None:
    said, heavy = imported(AS_A_COMMAND.format(argument=argument))
    assert "engine" in said
    assert heavy == []


def test_the_budget_would_notice() -> None:
    assert imported("import numpy")[1] == ["numpy"]
