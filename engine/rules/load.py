"""From rule files as they are written to rules as they are run. The files have been checked before."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from typing import TypeAlias

from engine.rules.config import Rule as WrittenRule
from engine.rules.config import RuleFile
from engine.rules.spec import AlertingRule, GroupSpec, RecordingRule, Rule
from promql.syntax.ast import Expr
from promql.syntax.parser import parse
from promql.syntax.printer import print_expr

Read: TypeAlias = Callable[[str], tuple[Expr | None, str]]
"""From an expression's text to its tree, if rules keep one of its language, and its canonical text."""


def _promql(text: str) -> tuple[Expr, str]:
    expr = parse(text)
    return expr, print_expr(expr)


def group_specs(
    files: Mapping[str, RuleFile], default_interval: int, default_offset: int = 0, read: Read = _promql
) -> list[GroupSpec]:
    """The groups of these files (by path), in order; interval and query offset in ms. Raises ParseError.

    A path that is no UTF-8 is told with signs in place of what can't be told.
    """
    defaults = default_interval, default_offset
    return [spec for path, file in files.items() for spec in _groups(_told(path), file, defaults, read)]


def _told(path: str) -> str:
    return os.fsencode(path).decode(errors="replace")


def _groups(path: str, file: RuleFile, defaults: tuple[int, int], read: Read) -> Iterator[GroupSpec]:
    default_interval, default_offset = defaults
    for group in file.groups:
        rules = tuple(_rule(rule, {**group.labels, **rule.labels}, read) for rule in group.rules)
        offset = default_offset if group.query_offset is None else int(group.query_offset)
        yield GroupSpec(path, group.name, int(group.interval) or default_interval, rules, group.limit, offset)


def _rule(rule: WrittenRule, labels: Mapping[str, str], read: Read) -> Rule:
    expr, query = read(rule.expr)
    if rule.record:
        return RecordingRule(rule.record, expr, query, labels)
    return AlertingRule(rule.alert, expr, query, int(rule.for_), int(rule.keep_firing_for), labels, rule.annotations)
