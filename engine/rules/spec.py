"""Rules as they are run: expressions parsed, times in milliseconds, the group's interval settled.

`expr` is the tree of a rule in PromQL; a rule in another language has none, and is asked about by its text.

Two rules (or groups) are equal when nothing that a user wrote differs; a reload leaves equal groups alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

from msgspec import Struct, field

from promql.model.labels import Labels
from promql.syntax.ast import Expr


class RecordingRule(Struct, frozen=True):
    """`query` is the expression in its canonical text; an empty label value takes the label away."""

    name: str
    expr: Expr | None
    query: str
    labels: Mapping[str, str] = field(default_factory=dict)

    @property
    def key(self) -> tuple[str, Labels]:
        """By what a reload finds the same rule again."""
        return (self.name, Labels.of(self.labels))


class AlertingRule(Struct, frozen=True):
    """`hold` is its `for`, `keep_firing` its `keep_firing_for`, in ms. Labels and annotations are templates."""

    name: str
    expr: Expr | None
    query: str
    hold: int = 0
    keep_firing: int = 0
    labels: Mapping[str, str] = field(default_factory=dict)
    annotations: Mapping[str, str] = field(default_factory=dict)

    @property
    def key(self) -> tuple[str, Labels]:
        """By what a reload finds the same rule again."""
        return (self.name, Labels.of(self.labels))


Rule: TypeAlias = RecordingRule | AlertingRule


class GroupSpec(Struct, frozen=True):
    """One group of one file. `interval` in ms, never zero; `limit` 0 means none.

    `query_offset` (ms): an evaluation asks for, and writes, what was so long before its instant.
    """

    file: str
    name: str
    interval: int
    rules: tuple[Rule, ...]
    limit: int = 0
    query_offset: int = 0

    @property
    def key(self) -> str:
        """`file;name`: the group's identity, and its name in self-metrics."""
        return f"{self.file};{self.name}"
