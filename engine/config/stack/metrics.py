"""Rules on metrics that nobody exposes: what a running engine knows is compared with what rules ask for."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Final

from engine.foundation.source import Path
from engine.rules.config import RuleFile
from promql.model.labels import METRIC_NAME
from promql.model.matchers import MatchOp
from promql.syntax.ast import VectorSelector
from promql.syntax.parser import parse
from promql.syntax.walk import descendants

_OWN: Final = frozenset({"ALERTS", "ALERTS_FOR_STATE"})


def unknown_metrics(rules: Mapping[str, RuleFile], known: Collection[str]) -> Iterator[tuple[str, Path, str]]:
    """File, place and metric of each that is not known and that no rule records. All expressions must parse."""
    recorded = {rule.record for file in rules.values() for group in file.groups for rule in group.rules}
    there = set(known) | recorded | _OWN
    for name, file in rules.items():
        for number, group in enumerate(file.groups):
            for place, rule in enumerate(group.rules):
                for metric in dict.fromkeys(metrics(rule.expr)):
                    if metric not in there:
                        yield name, ("groups", number, "rules", place, "expr"), metric


def metrics(text: str) -> Iterator[str]:
    """The metrics that an expression names, each as often as it does."""
    for node in descendants(parse(text)):
        if isinstance(node, VectorSelector):
            for matcher in node.matchers:
                if matcher.name == METRIC_NAME and matcher.op is MatchOp.EQUAL:
                    yield matcher.value
