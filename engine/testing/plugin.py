"""Rule tests inside pytest: files that the ini option `rule_tests` names are collected, a test a scenario.

    [tool.pytest.ini_options]
    rule_tests = ["rules/*_test.yml"]

pytest loads this module in every project of the environment, so it imports nothing of the engine, and does
nothing where the option is not set.
"""

from __future__ import annotations

from fnmatch import fnmatchcase
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addini(
        "rule_tests", "patterns, from the root folder, of unit tests of rules (promtool's format)", "args", []
    )


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    patterns = parent.config.getini("rule_tests")
    if not patterns or not file_path.is_relative_to(parent.config.rootpath):
        return None
    inside = file_path.relative_to(parent.config.rootpath).parts
    if not any(matches(PurePosixPath(pattern).parts, inside) for pattern in patterns):
        return None
    from engine.testing.collector import RuleTestFile  # noqa: PLC0415 - only projects that use it pay for it

    return RuleTestFile.from_parent(parent, path=file_path)


def matches(pattern: Sequence[str], path: Sequence[str]) -> bool:
    """Folder by folder from the first on, as in a glob; `**` is any number of folders."""
    if not pattern or not path:
        return not pattern and not path
    if pattern[0] == "**":
        return any(matches(pattern[1:], path[at:]) for at in range(len(path)))
    return fnmatchcase(path[0], pattern[0]) and matches(pattern[1:], path[1:])
