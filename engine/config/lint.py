"""Lint of rule files: what is right, and hardly meant, with the line that it is about.

Files are composed a second time, since values have no places; only files without mistakes are linted.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Final

from msgspec import Struct
from yaml.nodes import Node

from engine.foundation.decode_nodes import compose, locate, position
from engine.foundation.source import Finding, Path, Position, Severity
from engine.rules.config import Rule, RuleFile
from engine.rules.lint.table import LINTS
from promql.model.labels import Labels, quote
from promql.syntax.parser import parse

DUPLICATES: Final = "duplicate-rules"
ALL: Final = (DUPLICATES, *LINTS)
DEFAULT: Final = frozenset({DUPLICATES, *(name for name, lint in LINTS.items() if lint.default)})


class _Nodes:
    """The files' trees, each composed when a place in it is first asked for."""

    def __init__(self, sources: Mapping[str, bytes]) -> None:
        self._sources = sources
        self._roots: dict[str, Node] = {}

    def position(self, place: _Place, at: Path) -> Position:
        """Of a key of a rule. The file is known to be whole."""
        if place.file not in self._roots:
            self._roots[place.file] = compose(self._sources[place.file])
        return position(locate(self._roots[place.file], ("groups", place.group, "rules", place.number, *at))[0])


class _Place(Struct, frozen=True):
    """Where a rule is; numbers from 0."""

    file: str
    group: int
    name: str
    number: int

    def finding(self, rule: Rule, message: str, where: Position) -> Finding:
        place = f'group "{self.name}", rule {self.number + 1}, {quote(rule.name)}'
        return Finding(Severity.LINT, self.file, where.line, where.column, place, message)


def lint_rules(
    files: Mapping[str, RuleFile], sources: Mapping[str, bytes], wanted: Collection[str] = DEFAULT
) -> Iterator[Finding]:
    """What the wanted lints say of these files (by path), which are without mistakes."""
    nodes = _Nodes(sources)
    rules = [
        (_Place(path, number, group.name, at), rule)
        for path, file in files.items()
        for number, group in enumerate(file.groups)
        for at, rule in enumerate(group.rules)
    ]
    if DUPLICATES in wanted:
        yield from _duplicates(rules, nodes)
    for place, rule in rules:
        for message, at in _said(rule, wanted):
            yield place.finding(rule, message, nodes.position(place, at))


def _said(rule: Rule, wanted: Collection[str]) -> Iterator[tuple[str, tuple[str, ...]]]:
    expr = parse(rule.expr)
    for name, lint in LINTS.items():
        if name in wanted:
            yield from lint.find(rule, expr)


def _duplicates(rules: Iterable[tuple[_Place, Rule]], nodes: _Nodes) -> Iterator[Finding]:
    """Rules of one name and one label set, told of each but the first; templates count as they are written."""
    first: dict[tuple[str, Labels], _Place] = {}
    for place, rule in rules:
        at = ("record" if rule.record else "alert",)
        known = first.setdefault((rule.name, Labels.of(rule.labels)), place)
        if known is not place:
            there = nodes.position(known, at)
            message = f"the rule at {known.file}:{there.line} has the same name and labels: they overwrite each other"
            yield place.finding(rule, message, nodes.position(place, at))
