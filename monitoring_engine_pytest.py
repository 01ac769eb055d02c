"""The door to pytest: unit tests of rules, and the fixture `engine`.

    [tool.pytest.ini_options]
    rule_tests = ["rules/*_test.yml"]                       # each test of these files is a test of the project
    engine_rules = ["rules/*.yml"]                          # what the fixture's engine evaluates
    engine_alertmanager = "alertmanager/config.yml"         # and whom it would notify

pytest loads this module in every project of the environment. So it has a name of its own and imports nothing of the
engine until that is used: `engine` is a common word, and a project may have a package of that name itself.
"""

from __future__ import annotations

import importlib.util
from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Mapping, Sequence

    from engine.testing.blocking import BlockingEngine

OURS = Path(__file__).resolve().parent / "engine"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addini(
        "rule_tests", "patterns, from the root folder, of unit tests of rules (promtool's format)", "args", []
    )
    parser.addini("engine_config", "a prometheus.yml for the fixture `engine`, from the root folder", default="")
    parser.addini("engine_rules", "patterns, from the root folder, of rule files for the fixture `engine`", "args", [])
    parser.addini("engine_alertmanager", "an Alertmanager's file for the fixture `engine`, likewise", default="")


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    patterns = parent.config.getini("rule_tests")
    if not patterns or not file_path.is_relative_to(parent.config.rootpath):
        return None
    inside = file_path.relative_to(parent.config.rootpath).parts
    if not any(matches(PurePosixPath(pattern).parts, inside) for pattern in patterns):
        return None
    check_name()
    from engine.testing.collector import RuleTestFile  # noqa: PLC0415 - only projects that use it pay for it

    return RuleTestFile.from_parent(parent, path=file_path)


@pytest.fixture
def engine_options(pytestconfig: pytest.Config) -> dict[str, Any]:
    """What the fixture `engine` is made of, as the arguments of `engine.testing.engine.Engine`; override it at will."""
    root, told = pytestconfig.rootpath, pytestconfig.getini
    options: dict[str, Any] = {"rules": [root / pattern for pattern in told("engine_rules")]}
    for name in ("config", "alertmanager"):
        if path := told(f"engine_{name}"):
            options[name] = root / path
    return options


@pytest.fixture
def engine(engine_options: Mapping[str, Any]) -> Iterator[BlockingEngine]:
    """An engine of this test alone: see `engine.testing.engine`, whose calls it has without `await`."""
    check_name()
    from engine.foundation.errors import ConfigError  # noqa: PLC0415 - only tests that use it pay for it
    from engine.testing.blocking import BlockingEngine  # noqa: PLC0415

    try:
        made = BlockingEngine(**engine_options)
    except ConfigError as error:
        pytest.fail(f"the engine can't be made: {error}", pytrace=False)
    with made:
        yield made


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[Any]) -> Generator[None, Any, Any]:
    """What the engine has seen is shown where a test fails."""
    report = yield
    made: Any = getattr(item, "funcargs", {}).get("engine")
    if call.when == "call" and report.failed and hasattr(made, "report"):
        report.sections.append(("engine", _told(made)))
    return report


def _told(made: Any) -> str:
    """Its report. Whatever is wrong with that must not end the whole session, as an error in a hook does."""
    try:
        return str(made.report())
    except Exception as error:  # noqa: BLE001 - told in its place
        return f"what it has seen can't be told: {error!r}"


def check_name() -> None:
    """Raises pytest.UsageError where `engine` is somebody else's package."""
    found = importlib.util.find_spec("engine")
    where = [Path(path).resolve() for path in (found.submodule_search_locations or ())] if found else []
    if OURS not in where:
        place = (found.origin or str(where[0])) if found and (found.origin or where) else "somewhere else"
        raise pytest.UsageError(
            f"`import engine` leads to {place}, which hides monitoring-engine's package at {OURS}."
            " Rename yours, or keep its folder off sys.path (`--import-mode=importlib`); else run the"
            " engine beside the tests: `engine run --ready-file FILE --exit-on-stdin-close`"
        )


def matches(pattern: Sequence[str], path: Sequence[str]) -> bool:
    """Folder by folder from the first on, as in a glob; `**` is any number of folders."""
    if not pattern or not path:
        return not pattern and not path
    if pattern[0] == "**":
        return any(matches(pattern[1:], path[at:]) for at in range(len(path)))
    return fnmatchcase(path[0], pattern[0]) and matches(pattern[1:], path[1:])
