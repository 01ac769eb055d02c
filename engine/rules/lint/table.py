"""The lints of single rules: what each finds, and the key that it is about. Rules that overwrite each other are told
by whoever has all files (`engine.config.lint`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import Final

from msgspec import Struct

from engine.rules.config import Rule
from engine.rules.lint.conventions import mixed_units, wrong_kinds
from engine.rules.lint.labels import possible
from promql.syntax.ast import Expr

_ACTION: Final = re.compile(r"\{\{.*?\}\}", re.DOTALL)  # noqa: TID251 - ours, linear
_LABEL: Final = re.compile(r"\$labels\.([a-zA-Z_]\w*)", re.ASCII)  # noqa: TID251 - ours, linear


class Lint(Struct, frozen=True):
    """`find` gives, for a rule and its expression, messages and the keys they are about."""

    says: str
    find: Callable[[Rule, Expr], Iterator[tuple[str, tuple[str, ...]]]]
    default: bool = True


def _no_for(rule: Rule, _: Expr) -> Iterator[tuple[str, tuple[str, ...]]]:
    if rule.alert and not rule.for_:
        yield 'without "for", a single evaluation makes it fire', ("alert",)


def _template_labels(rule: Rule, expr: Expr) -> Iterator[tuple[str, tuple[str, ...]]]:
    if not rule.alert:
        return
    there = possible(expr)
    for key, texts in (("labels", rule.labels), ("annotations", rule.annotations)):
        for name, text in texts.items():
            for label in dict.fromkeys(_used(text)):
                if label not in there:
                    yield f"$labels.{label} is always empty: the expression gives no label {label}", (key, name)


def _used(text: str) -> Iterator[str]:
    """The labels that a template asks for."""
    for action in _ACTION.findall(text):
        yield from _LABEL.findall(action)


def _kinds(_: Rule, expr: Expr) -> Iterator[tuple[str, tuple[str, ...]]]:
    for message in wrong_kinds(expr):
        yield message, ("expr",)


def _units(_: Rule, expr: Expr) -> Iterator[tuple[str, tuple[str, ...]]]:
    for message in mixed_units(expr):
        yield message, ("expr",)


LINTS: Final[Mapping[str, Lint]] = MappingProxyType(
    {
        "template-labels": Lint("a template asks for a label that the expression can't have", _template_labels),
        "metric-kinds": Lint(
            "a function of counters over a gauge, or of gauges over a counter, by their names", _kinds
        ),
        "units": Lint("seconds compared with milliseconds, and the like, by the metrics' names", _units),
        "no-for": Lint("an alert without `for`", _no_for, default=False),
    }
)
