"""One pass over files: what is read, and what is found on the way."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Protocol, TypeVar

from msgspec import Struct, field

from engine.config.lint import lint_rules
from engine.foundation.decode import Decoded
from engine.foundation.source import Finding, Severity
from engine.rules.config import RuleFile

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


class Parse(Protocol[T]):
    """From a file's text and its name to its content; with an `environment` its `${NAME}` are expanded."""

    def __call__(self, source: bytes, file: str, /, *, environment: Mapping[str, str] | None = None) -> Decoded[T]: ...


class Reading(Struct):
    """One pass over files: what was read and found so far. `environment` is None where `${NAME}` is text."""

    environment: Mapping[str, str] | None = None
    sources: dict[str, bytes] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)

    def parse(self, path: Path, parse: Parse[T]) -> T:
        """The file's content; where it can't be read, that of an empty one."""
        try:
            source = self.sources[str(path)] = path.read_bytes()
        except OSError as error:
            self.tell(Severity.ERROR, path, f"can't be read: {error.strerror}")
            return parse(b"", str(path)).value
        found = parse(source, str(path), environment=self.environment)
        self.findings += found.findings
        return found.value

    def lint(self, rules: Mapping[str, RuleFile], wanted: Collection[str]) -> None:
        """What is hardly meant in rule files that have no mistakes."""
        refused = {finding.file for finding in self.findings if finding.fatal}
        fine = {path: file for path, file in rules.items() if path in self.sources and path not in refused}
        self.findings += lint_rules(fine, self.sources, wanted)

    def tell(self, severity: Severity, path: Path, message: str) -> None:
        """Something about a whole file."""
        self.findings.append(Finding(severity, str(path), 1, 1, "", message))
