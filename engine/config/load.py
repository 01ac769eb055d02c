"""From the path of a prometheus.yml to everything that it and the files around it say.

Beside the config and one folder up, no further, lie the files of the other programs. All findings of all files come
back at once; nothing raises for what stands in a file.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, TypeVar

from engine.alerting.config import AlertmanagerConfig
from engine.alerting.templating import load_templates
from engine.config.alertmanager import parse_alertmanager
from engine.config.lint import DUPLICATES, lint_rules
from engine.config.prometheus import PrometheusConfig, parse_prometheus
from engine.config.rules import parse_rules
from engine.config.translate import Translation, Translator
from engine.foundation.decode import Decoded
from engine.foundation.errors import ConfigError
from engine.foundation.files import is_pattern, matching
from engine.foundation.source import Finding, Severity, settled
from engine.rules.config import RuleFile

_ALERTMANAGER_FILES: Final = (
    "alertmanager/config.yml", "alertmanager/config.yaml", "alertmanager/alertmanager.yml",
    "alertmanager/alertmanager.yaml", "alertmanager.yml", "alertmanager.yaml",
)  # fmt: skip
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Loaded:
    """All that was read. Use `config` and the others only if nothing is `fatal`.

    Paths in the configs lead to files of this machine. `rules` are by path, in the order in which they are run.
    `alertmanager_file` is None where there is none. `sources` holds the text of every file that was read.
    """

    file: Path
    config: PrometheusConfig
    rules: Mapping[str, RuleFile]
    alertmanager_file: Path | None
    alertmanager: AlertmanagerConfig | None
    findings: tuple[Finding, ...]
    translations: tuple[Translation, ...]
    sources: Mapping[str, bytes]

    @property
    def fatal(self) -> bool:
        return any(finding.fatal for finding in self.findings)

    @property
    def files(self) -> tuple[Path, ...]:
        """Every file that was read."""
        return tuple(map(Path, self.sources))


@dataclass(slots=True)
class Reading:
    """One pass over files: what was read and found so far."""

    sources: dict[str, bytes] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)

    def parse(self, path: Path, parse: Callable[[bytes, str], Decoded[T]]) -> T:
        """The file's content; where it can't be read, that of an empty one."""
        try:
            source = self.sources[str(path)] = path.read_bytes()
        except OSError as error:
            self.tell(Severity.ERROR, path, f"can't be read: {error.strerror}")
            return parse(b"", str(path)).value
        found = parse(source, str(path))
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


def load(
    path: Path,
    *,
    alertmanager: Path | None = None,
    data_dir: Path = Path("engine-data"),
    translate: bool = True,
    must_exist: bool = False,
) -> Loaded:
    """Everything from this prometheus.yml on. `alertmanager` says where that config is, if it is elsewhere.

    `must_exist` makes a mistake of a rule file that is named and missing, as a check of files wants it; a running
    Prometheus takes it for a pattern that matches nothing.
    """
    reading = Reading()
    beside = alertmanager or find_alertmanager(path.parent)
    homes = {"prometheus": path.parent, "alertmanager": beside.parent if beside else path.parent / "alertmanager"}
    translator = Translator(homes, data_dir, enabled=translate)
    written = reading.parse(path, parse_prometheus)
    config = translator.rooted(written, path.parent)
    rules = {str(file): reading.parse(file, parse_rules) for file in rule_files(path, config, reading, must_exist)}
    reading.lint(rules, {DUPLICATES})
    settings = None if beside is None else load_alertmanager(beside, translator, reading)
    return Loaded(
        file=path,
        config=config,
        rules=rules,
        alertmanager_file=beside,
        alertmanager=settings,
        findings=settled(reading.findings),
        translations=tuple(translator.done.values()),
        sources=reading.sources,
    )


def find_alertmanager(folder: Path) -> Path | None:
    """Alertmanager's config in this folder or its parent."""
    for base in (folder, Path(os.path.normpath(folder / ".."))):
        for name in _ALERTMANAGER_FILES:
            if (base / name).is_file():
                return base / name
    return None


def rule_files(path: Path, config: PrometheusConfig, reading: Reading, must_exist: bool) -> list[Path]:
    """The files that `rule_files` names, each once."""
    found: dict[Path, None] = {}
    for pattern in config.rule_files:
        files = matching(pattern)
        found |= dict.fromkeys(files)
        if files:
            continue
        if is_pattern(pattern):
            reading.tell(Severity.WARNING, path, f'rule_files: "{pattern}" matches no file')
        else:
            severity = Severity.ERROR if must_exist else Severity.WARNING
            reading.tell(severity, path, f'rule_files: "{pattern}" does not point to an existing file')
    return list(found)


def load_alertmanager(path: Path, translator: Translator, reading: Reading) -> AlertmanagerConfig:
    """The config at `path`, with its templates tried."""
    config = translator.rooted(reading.parse(path, parse_alertmanager), path.parent)
    try:
        load_templates(config.templates, path.parent)
    except ConfigError as error:
        reading.tell(Severity.ERROR, path, f"templates: {error}")
    used = {file.resolve() for pattern in config.templates for file in matching(pattern)}
    for file in matching(str(path.parent / "templates" / "*.tmpl")):
        if file.resolve() not in used:
            reading.tell(Severity.WARNING, path, f"{file} is not used: name it under `templates:`")
    return config
