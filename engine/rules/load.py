"""From rule files as they are written to rules as they are run. The files have been checked before."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from engine.rules.config import Rule as WrittenRule
from engine.rules.config import RuleFile
from engine.rules.spec import AlertingRule, GroupSpec, RecordingRule, Rule
from promql.syntax.parser import parse
from promql.syntax.printer import print_expr


def group_specs(files: Mapping[str, RuleFile], default_interval: int) -> list[GroupSpec]:
    """The groups of these files (by path), in order; `default_interval` in ms. Raises ParseError."""
    return [spec for path, file in files.items() for spec in _groups(path, file, default_interval)]


def _groups(path: str, file: RuleFile, default_interval: int) -> Iterator[GroupSpec]:
    for group in file.groups:
        rules = tuple(_rule(rule) for rule in group.rules)
        yield GroupSpec(path, group.name, int(group.interval) or default_interval, rules, group.limit)


def _rule(rule: WrittenRule) -> Rule:
    expr = parse(rule.expr)
    query = print_expr(expr)
    if rule.record:
        return RecordingRule(rule.record, expr, query, rule.labels)
    return AlertingRule(
        rule.alert, expr, query, int(rule.for_), int(rule.keep_firing_for), rule.labels, rule.annotations
    )
