"""Rule tests as pytest's items."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Iterator, Sequence
from os import PathLike
from typing import Any

import pytest

from engine.config.check import render_findings
from engine.testing.rules.file import Scenario
from engine.testing.rules.report import render
from engine.testing.rules.run import Suite, read, run
from engine.testing.rules.verdicts import Failure


class RuleTestError(AssertionError):
    """What a scenario found wrong."""

    def __init__(self, failures: Sequence[Failure]) -> None:
        super().__init__("\n".join(render(failures, shutil.get_terminal_size((100, 0)).columns)))


class RuleTestFile(pytest.File):
    """One file; a mistake in it, or in a rule file that it names, fails its collection."""

    def collect(self) -> Iterator[pytest.Item]:
        file = read(self.path)
        if file.fatal:
            raise self.CollectError("\n".join(render_findings(file.findings, file.sources)))
        seen: Counter[str] = Counter()
        for name, scenario in file.scenarios():
            seen[name] += 1
            alone = name if seen[name] == 1 else f"{name} ({seen[name]})"
            yield RuleTestItem.from_parent(self, name=alone, file=file, scenario=scenario)


class RuleTestItem(pytest.Item):
    """One scenario."""

    def __init__(self, *, file: Suite, scenario: Scenario, **given: Any) -> None:
        super().__init__(**given)
        self._file = file
        self._scenario = scenario

    def runtest(self) -> None:
        failures = run(self._file, self._scenario)
        if failures:
            raise RuleTestError(failures)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        if isinstance(excinfo.value, RuleTestError):
            return str(excinfo.value)
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[PathLike[str] | str, int | None, str]:
        return self.path, None, self.name
