"""Rules over lines: one file, and the folder that holds a folder of them for each tenant."""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Final

from engine.config.reading import Reading
from engine.config.rules import Language, parse_group, parse_rules
from engine.foundation.decode import decode
from engine.foundation.errors import ConfigError
from engine.foundation.files import is_folder
from engine.foundation.source import Severity
from engine.logql.errors import LogQLError
from engine.logql.syntax.ast import Log
from engine.logql.syntax.parser import parse
from engine.logs.config.settings import NOBODY
from engine.ruler.config import RulerConfig
from engine.ruler.rules import LogRules, Signature
from engine.rules.config import Rule, RuleFile, RuleGroup
from promql.errors import PromQLError
from promql.syntax.parser import parse as parse_promql

_QUOTED: Final = re.compile(r'"(?:[^"\\]|\\.)*"|`[^`]*`|\'(?:[^\'\\]|\\.)*\'')  # noqa: TID251 - ours, linear
_FILES: Final = (".yml", ".yaml")


def _refused(group: RuleGroup, rule: Rule) -> str:
    kind, name = ("record", rule.record) if rule.record else ("alert", rule.alert)
    return f"could not parse expression for {kind} '{name}' in group '{group.name}': "


def _useless(text: str) -> str:
    if isinstance(parse(text), Log):
        return "it gives lines, and a rule needs numbers: want count_over_time({...}[5m]) or the like"
    return ""


LOGQL: Final = Language(parse, _refused, _useless)
parse_log_rules: Final = partial(parse_rules, language=LOGQL)


def judge_group(source: bytes) -> tuple[RuleGroup, list[str]]:
    """One group as it is sent to be set, and what is wrong with it."""
    found = parse_group(source, LOGQL)
    return found.value, [finding.message for finding in found.findings if finding.fatal]


def is_file_over_lines(path: Path) -> bool:
    """The same of a file; one that can't be read is left to whoever reads it next."""
    with suppress(OSError):
        return is_over_lines(path.read_bytes(), str(path))
    return False


def is_over_lines(source: bytes, file: str) -> bool:
    """Whether a file's rules are in LogQL: at least one of them can be in nothing else."""
    groups = decode(source, RuleFile, file).value.groups
    return any(_in_logql_alone(rule.expr) for group in groups for rule in group.rules)


def _in_logql_alone(text: str) -> bool:
    with suppress(PromQLError):
        parse_promql(text)
        return False
    with suppress(LogQLError):
        parse(text)
        return True
    return "|" in _QUOTED.sub("", text)  # a mistake in either; PromQL has no such sign


def load_log_rules(
    config: RulerConfig, folder: Path, reading: Reading, *, named_in: Path, authenticated: bool
) -> LogRules:
    """All rules below the folder that a Loki's file names."""
    if not is_folder(folder):
        reading.tell(Severity.WARNING, named_in, f"there are no rules: the folder {folder} is not there")
        return LogRules(config, folder)
    seen = signature(folder)  # first, so that what is written meanwhile is met at the next look
    files: dict[str, Mapping[str, RuleFile]] = {}
    for path in _visible(folder, reading):
        if is_folder(path):
            found = [file for file in _visible(path, reading) if not is_folder(file)]
            files[path.name] = {str(file): reading.parse(file, parse_log_rules) for file in found}
        elif path.suffix in _FILES:
            reading.tell(
                Severity.WARNING, path,
                f"not evaluated: rules lie in a folder for each tenant (move it to {folder / NOBODY})",
            )  # fmt: skip
    for tenant in () if authenticated else files.keys() - {NOBODY}:
        reading.tell(
            Severity.WARNING, named_in,
            f"rules in {folder / tenant} find no lines: without auth_enabled all lines are of the tenant {NOBODY}",
        )  # fmt: skip
    return LogRules(config, folder, files, seen)


def signature(folder: Path | None) -> Signature:
    """What changes when a file of rules comes, goes or is written."""
    found: list[tuple[str, int, int]] = []
    for tenant in [] if folder is None else _readable(folder):
        for path in _readable(tenant) if is_folder(tenant) else ():
            with suppress(OSError):
                stat = path.stat()
                found.append((str(path), stat.st_mtime_ns, stat.st_size))
    return tuple(found)


def _readable(folder: Path) -> list[Path]:
    """Nothing where it can't be read: whoever reads the files tells why."""
    with suppress(OSError):
        return _in(folder)
    return []


def read_again(rules: LogRules, environment: Mapping[str, str] | None) -> LogRules:
    """What the files say now. Raises ConfigError, a mistake a line."""
    assert rules.folder is not None, "where there is none nothing changes"
    if not is_folder(rules.folder):
        raise ConfigError(f"the folder {rules.folder} is not there any more")
    reading = Reading(environment)
    found = load_log_rules(rules.config, rules.folder, reading, named_in=rules.folder, authenticated=True)
    if mistakes := [str(finding) for finding in reading.findings if finding.fatal]:
        raise ConfigError("\n".join(mistakes))
    return found


def _visible(folder: Path, reading: Reading) -> list[Path]:
    try:
        return _in(folder)
    except OSError as error:
        reading.tell(Severity.ERROR, folder, f"can't be read: {error.strerror}")
        return []


def _in(folder: Path) -> list[Path]:
    """In the order of their names, without those that begin with a dot. Raises OSError."""
    return sorted(path for path in folder.iterdir() if not path.name.startswith("."))
