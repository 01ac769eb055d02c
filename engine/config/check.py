"""What `engine check` does: judge files, and say so as a person wants to read it.

The kind of a file is told by the caller, or by its keys. A prometheus.yml is judged with its rule files; the files of
other programs are judged when they are named.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Final, Literal, TypeAlias

import msgspec
from msgspec import Struct
from msgspec.structs import replace
from yaml.nodes import MappingNode

from engine.alerting.config.document import AlertmanagerConfig
from engine.alerting.matching.grammar import Grammar
from engine.config.check_grafana import check_grafana, is_grafana
from engine.config.existence import check_files
from engine.config.foreign import foreign
from engine.config.lint import DEFAULT as DEFAULT_LINTS
from engine.config.load import (
    load_alertmanager,
    load_blackbox,
    load_promtail,
    rule_files,
    with_scrape_config_files,
)
from engine.config.log_rules import is_file_over_lines, parse_log_rules
from engine.config.loki import load_loki
from engine.config.loki_document import LokiFile
from engine.config.prometheus import PrometheusConfig, parse_prometheus
from engine.config.reading import Parse, Reading
from engine.config.rules import Language, parse_rules
from engine.config.sd_files import check_sd_files
from engine.config.targets import check_targets
from engine.config.translate import Translator
from engine.foundation.decode import Report
from engine.foundation.decode_nodes import SyntaxMistake, compose
from engine.foundation.source import Finding, Severity, settled
from engine.foundation.tls import TlsError
from engine.foundation.tls_server import server_context
from engine.foundation.web_config import WebConfig, parse_web_config
from engine.promtail.config import PromtailConfig
from engine.rules.config import RuleFile
from exporters.blackbox.config.document import BlackboxConfig
from promql.syntax.parser import parse_as_2

Kind: TypeAlias = Literal["config", "rules", "alertmanager", "loki", "promtail", "web-config", "blackbox", "grafana"]
ORIGINALS: Final[Mapping[str, tuple[Kind, ...]]] = MappingProxyType({
    "prometheus-2.42": ("config", "rules", "web-config"), "alertmanager-0.25": ("alertmanager",),
    "promtail-2.7": ("promtail",), "blackbox-0.23": ("blackbox",),
    "loki-2.7": ("loki",),
})  # fmt: skip
FINE: Final = 0
BAD: Final = 2
LINT: Final = 3
_PREFIX: Final = MappingProxyType({
    Severity.ERROR: "", Severity.UNUSABLE: "", Severity.UNSUPPORTED: "", Severity.OURS: "warning: ",
    Severity.WARNING: "warning: ", Severity.IDLE: "", Severity.LINT: "lint: ",
})  # fmt: skip
_KEYS: Final[Mapping[Kind, frozenset[str]]] = MappingProxyType({
    "rules": frozenset(_field.encode_name for _field in msgspec.structs.fields(RuleFile)),
    "alertmanager": frozenset(_field.encode_name for _field in msgspec.structs.fields(AlertmanagerConfig)) - {"global"},
    "config": frozenset(_field.encode_name for _field in msgspec.structs.fields(PrometheusConfig)) - {"global"},
    "promtail": frozenset(_field.encode_name for _field in msgspec.structs.fields(PromtailConfig)) - {"global"},
    "web-config": frozenset(_field.encode_name for _field in msgspec.structs.fields(WebConfig)),
    "blackbox": frozenset(_field.encode_name for _field in msgspec.structs.fields(BlackboxConfig)),
    "loki": frozenset(_field.encode_name for _field in msgspec.structs.fields(LokiFile)) | frozenset(LokiFile.IDLE),
})  # fmt: skip


class Verdict(Struct, frozen=True):
    """Of one file that was named, with all files that it leads to. `said` sums up what is in it."""

    file: Path
    said: str
    findings: tuple[Finding, ...]
    sources: Mapping[str, bytes]

    @property
    def fine(self) -> bool:
        return not any(finding.fatal for finding in self.findings)

    @property
    def exit_code(self) -> int:
        """0 fine, 2 bad, 3 only lint."""
        if not self.fine:
            return BAD
        return LINT if any(finding.severity is Severity.LINT for finding in self.findings) else FINE


class Judging(Struct, frozen=True):
    """How files are judged: whether containers' paths are translated, which lints of rules are wanted, what `${NAME}`
    stands for, and as which original would. With `syntax_only` files that are named need not exist. `matchers` is the
    grammar of Alertmanager's, where no original has its own.
    """

    translate: bool = True
    lints: Collection[str] = DEFAULT_LINTS
    environment: Mapping[str, str] | None = None
    original: str = ""
    syntax_only: bool = False
    matchers: Grammar = Grammar.BOTH

    @property
    def grammar(self) -> Grammar:
        """That of Alertmanager's matchers."""
        return Grammar.CLASSIC if self.original else self.matchers

    @property
    def rules(self) -> Parse[RuleFile]:
        """How rule files are read."""
        return partial(parse_rules, language=Language(parse_as_2)) if self.original else parse_rules


def check(path: Path, kind: Kind | None = None, how: Judging | None = None) -> Verdict:
    """Judge one file and what it names. Never raises for what stands in a file."""
    if kind is None:
        keys = first_keys(path)
        kind = "grafana" if is_grafana(path, keys) else guess_kind(path, keys)
        if kind != "grafana" and (owner := foreign(path, keys, len(keys & _KEYS[kind]))):
            return Verdict(path, "", (_unsupported(path, owner),), {})
    how = how or Judging()
    reading = Reading(how.environment)
    if how.original and kind not in ORIGINALS[how.original]:
        reading.tell(Severity.ERROR, path, f"this is no file of {how.original}: judge it without --as, or as its own")
        return Verdict(path, "", tuple(reading.findings), {})
    said = _CHECKS[kind](path, reading, how)
    found = map(_as_original, reading.findings) if how.original else reading.findings
    return Verdict(path, said, settled(found), reading.sources)


def _as_original(finding: Finding) -> Finding:
    """What works here alone is a mistake there; what does not work here, or only fails when it is used, is none."""
    if finding.severity is Severity.OURS:
        return replace(finding, severity=Severity.ERROR)
    if finding.severity in (Severity.UNSUPPORTED, Severity.UNUSABLE):
        return replace(finding, severity=Severity.WARNING)
    return finding


def exit_code(verdicts: Iterable[Verdict]) -> int:
    """That of the worst."""
    codes = {verdict.exit_code for verdict in verdicts}
    return next((code for code in (BAD, LINT) if code in codes), FINE)


def guess_kind(path: Path, keys: frozenset[str]) -> Kind:
    """By the keys of the file's first level; by its name where they say nothing."""
    name = path.name.lower()
    best = max(_KEYS, key=lambda kind: (len(keys & _KEYS[kind]), kind in name))
    if keys & _KEYS[best]:
        return best
    return "alertmanager" if "alertmanager" in str(path.absolute()).lower() else "config"


def first_keys(path: Path) -> frozenset[str]:
    """Those of the file's first level; none where it can't be read."""
    try:
        root = compose(path.read_bytes())
    except (OSError, SyntaxMistake):
        return frozenset()
    pairs = root.value if isinstance(root, MappingNode) else []
    return frozenset(key.value for key, _ in pairs if isinstance(key.value, str))


def _unsupported(path: Path, owner: str) -> Finding:
    message = f"this looks like a file of {owner}, which is not supported yet"
    return Finding(Severity.UNSUPPORTED, str(path), 1, 1, "", message)


def render_findings(findings: Iterable[Finding], sources: Mapping[str, bytes]) -> Iterator[str]:
    """A line for each, then the line of the file that it is about, with a caret under the place."""
    for finding in findings:
        path = f"{finding.path}: " if finding.path else ""
        place = f"{finding.file}:{finding.line}:{finding.column}"
        yield f"{place}: {_PREFIX[finding.severity]}{path}{finding.message}"
        yield from _excerpt(finding, sources.get(finding.file, b""))


def render_verdict(verdict: Verdict) -> Iterator[str]:
    """The findings, and a last line with the sum."""
    yield from render_findings(verdict.findings, verdict.sources)
    fatal = [finding for finding in verdict.findings if finding.fatal]
    lint = [finding for finding in verdict.findings if finding.severity is Severity.LINT]
    if not fatal:
        yield f"{verdict.file}: {_count(lint, 'finding') if lint else 'fine'} ({verdict.said})"
    elif all(finding.severity is Severity.UNSUPPORTED and not finding.path for finding in fatal):
        yield f"{verdict.file}: refused (not supported yet)"
    elif all(finding.severity is Severity.UNSUPPORTED for finding in fatal):
        yield f"{verdict.file}: refused (right, but {_count(fatal, 'key')} not supported)"
    else:
        yield f"{verdict.file}: refused ({_count(fatal, 'mistake')})"


def _excerpt(finding: Finding, source: bytes) -> Iterator[str]:
    lines = source.decode(errors="replace").splitlines()
    if (finding.line, finding.column) == (1, 1) and not finding.path:  # about the file as a whole
        return
    if finding.line <= len(lines):
        line = lines[finding.line - 1].replace("\t", " ")
        yield f"    {line}"
        yield f"    {' ' * (finding.column - 1)}^"


def _check_config(path: Path, reading: Reading, how: Judging) -> str:
    translator = Translator({"prometheus": path.parent}, Path("engine-data"), enabled=how.translate)

    def beyond(config: PrometheusConfig, report: Report, folder: Path = path.parent) -> None:
        check_targets(config, report, expanded=how.environment is not None)
        if not how.syntax_only:
            check_files(config, report, translator, folder)
            check_sd_files(config, report, translator, folder)

    written = reading.parse(path, partial(parse_prometheus, check=beyond))
    rooted = translator.rooted(written, path.parent)
    config = with_scrape_config_files(path, rooted, reading, translator, beyond)
    files = rule_files(path, config, reading, must_exist=not how.syntax_only)
    rules = {str(file): reading.parse(file, how.rules) for file in files}
    reading.lint(rules, how.lints)
    return f"{_count(config.scrape_configs, 'scrape job')}, {_count(rules, 'rule file')}, {_rules(rules.values())}"


def _check_rules(path: Path, reading: Reading, how: Judging) -> str:
    if is_file_over_lines(path):
        rules = reading.parse(path, parse_log_rules)
        return f"{_count(rules.groups, 'group')}, {_rules([rules])} over lines"
    rules = reading.parse(path, how.rules)
    reading.lint({str(path): rules}, how.lints)
    return f"{_count(rules.groups, 'group')}, {_rules([rules])}"


def _check_alertmanager(path: Path, reading: Reading, how: Judging) -> str:
    translator = Translator({"alertmanager": path.parent}, Path("engine-data"), enabled=how.translate)
    config = load_alertmanager(path, translator, reading, how.grammar)
    return (
        f"{_count(config.receivers, 'receiver')}, {_count(config.inhibit_rules, 'inhibit rule')},"
        f" {_count(config.templates, 'template')}"
    )


def _check_blackbox(path: Path, reading: Reading, how: Judging) -> str:
    translator = Translator({"blackbox_exporter": path.parent}, Path("engine-data"), enabled=how.translate)
    return _count(load_blackbox(path, translator, reading).modules, "module")


def _check_promtail(path: Path, reading: Reading, how: Judging) -> str:
    translator = Translator({"promtail": path.parent}, Path("engine-data"), enabled=how.translate)
    config = load_promtail(path, translator, reading)
    stages = [stage for job in config.scrape_configs for stage in job.pipeline_stages]
    return (
        f"{_count(config.scrape_configs, 'scrape job')}, {_count(stages, 'pipeline stage')},"
        f" {_count(config.settled_clients, 'client')}"
    )


def _check_loki(path: Path, reading: Reading, how: Judging) -> str:
    translator = Translator({"loki": path.parent}, Path("engine-data"), enabled=how.translate)
    settings, rules = load_loki(path, translator, reading)
    idle = [finding for finding in reading.findings if finding.severity is Severity.IDLE]
    said = f"{_count(settings.overrides, 'tenant')} with limits of their own, {_count(idle, 'key')} without effect"
    if rules is None:
        return said
    return f"{said}, {_rules(file for files in rules.files.values() for file in files.values())}"


def _check_web_config(path: Path, reading: Reading, _: Judging) -> str:
    config = reading.parse(path, parse_web_config)
    tls, said = config.tls_server_config, f"{_count(config.basic_auth_users, 'user')}"
    if not tls.enabled:
        return f"no TLS, {said}"
    if not any(finding.fatal for finding in reading.findings):
        try:
            server_context(tls, path.parent)
        except TlsError as error:
            reading.tell(Severity.ERROR, path, str(error))
    return f"TLS, {said}"


_CHECKS: Final[Mapping[Kind, Callable[[Path, Reading, Judging], str]]] = MappingProxyType({
    "config": _check_config, "rules": _check_rules, "alertmanager": _check_alertmanager,
    "promtail": _check_promtail, "web-config": _check_web_config, "blackbox": _check_blackbox,
    "grafana": lambda path, reading, how: check_grafana(path, reading, translate=how.translate),
    "loki": _check_loki,
})  # fmt: skip


def _rules(files: Iterable[RuleFile]) -> str:
    return _count([rule for file in files for group in file.groups for rule in group.rules], "rule")


def _count(things: Iterable[object], noun: str) -> str:
    count = sum(1 for _ in things)
    return f"{count} {noun}{'' if count == 1 else 's'}"
