"""Which rules the tests have looked at.

An alerting rule is tested where a test expects it to fire (or to be pending); one that was only ever expected to be
quiet is not, since a rule that can't fire passes such tests. A recording rule is tested where an expression of which
samples are expected names it; one that only tested rules use counts as reached through them. Rules of one name are told
apart by their labels, as far as these are no templates.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from enum import Enum
from typing import Final

from msgspec import Struct

from engine.rules.config import Rule
from engine.testing.rules.file import Scenario
from engine.testing.rules.run import Suite
from promql.model.labels import METRIC_NAME
from promql.model.matchers import Matcher, MatchOp
from promql.syntax.ast import Expr, VectorSelector
from promql.syntax.parser import parse
from promql.syntax.walk import descendants


class Degree(Enum):
    """From the most to the least."""

    YES = "tested"
    QUIET = "only expected to be quiet"
    THROUGH = "only through rules that use it"
    NO = "never tested"


class Covered(Struct, frozen=True):
    """One rule of one file."""

    file: str
    group: str
    kind: str
    name: str
    tested: Degree


def coverage(files: Iterable[Suite]) -> list[Covered]:
    """Every rule of the rule files that these tests name, each once, in their order; refused files don't count."""
    files = [file for file in files if not file.fatal]
    places = {
        (path, group.name, at): _Known.of(rule, {**group.labels, **rule.labels})
        for file in files
        for path, found in file.rules.items()
        for group in found.groups
        for at, rule in enumerate(group.rules)
    }
    tested = _degrees(list(places.values()), [scenario for file in files for scenario in file.tests.tests])
    return [
        Covered(path, group, one.kind, one.name, degree)
        for ((path, group, _), one), degree in zip(places.items(), tested, strict=True)
    ]


def render(covered: Sequence[Covered]) -> Iterator[str]:
    """The sum, and a line for each rule that is not tested."""
    tested = sum(one.tested is Degree.YES for one in covered)
    share = f" ({tested / len(covered):.0%})" if covered else ""
    yield f"rules tested: {tested} of {len(covered)}{share}"
    for one in covered:
        if one.tested is not Degree.YES:
            yield f"  {one.file}: {one.group}: {one.kind} {one.name}: {one.tested.value}"


_ALERT_NAME: Final = "alertname"
_OF_ALERTS: Final = frozenset(("ALERTS", "ALERTS_FOR_STATE"))
_TEMPLATE: Final = "{{"


class _Known(Struct, frozen=True):
    """A rule, and those of its labels that are certain."""

    kind: str
    name: str
    expr: str
    labels: Mapping[str, str]

    @classmethod
    def of(cls, rule: Rule, labels: Mapping[str, str]) -> _Known:
        certain = {name: value for name, value in labels.items() if not (rule.alert and _TEMPLATE in value)}
        return cls("alert" if rule.alert else "record", rule.name, rule.expr, certain)

    def may_give(self, labels: Mapping[str, str]) -> bool:
        """Can one of its alerts have these labels, all of them?"""
        return all(labels.get(name, "") == value for name, value in self.labels.items())

    def may_match(self, matchers: Iterable[Matcher]) -> bool:
        """Can one of its series be what a selector looks at? Not if one of its labels speaks against that."""
        return all(one.matches(self.labels[one.name]) for one in matchers if one.name in self.labels)


def _degrees(rules: Sequence[_Known], scenarios: Sequence[Scenario]) -> list[Degree]:
    """How well each of the rules is tested."""
    looks = [look for scenario in scenarios for look in _looks(scenario, rules)]
    best = {at: Degree.QUIET for at, degree in looks if degree is Degree.QUIET}
    best |= {at: Degree.YES for at, degree in looks if degree is Degree.YES}
    recorded: dict[str, list[int]] = {}
    for at, rule in enumerate(rules):
        if rule.kind == "record":
            recorded.setdefault(rule.name, []).append(at)
    waiting = [at for at, degree in best.items() if degree is Degree.YES]
    while waiting:
        for matchers in _selectors(parse(rules[waiting.pop()].expr)):
            for name in _equal(matchers, METRIC_NAME):
                more = [at for at in recorded.get(name, ()) if at not in best and rules[at].may_match(matchers)]
                best |= dict.fromkeys(more, Degree.THROUGH)
                waiting += more
    return [best.get(at, Degree.NO) for at in range(len(rules))]


def _looks(scenario: Scenario, rules: Sequence[_Known]) -> Iterator[tuple[int, Degree]]:
    """Which rules a scenario looks at, by their place, and how."""
    for case in scenario.alert_rule_test:
        expected = [one.exp_labels for one in (*case.exp_alerts, *(case.exp_pending or ()))]
        for at, rule in enumerate(rules):
            if (rule.kind, rule.name) == ("alert", case.alertname):
                yield at, Degree.YES if any(map(rule.may_give, expected)) else Degree.QUIET
    for query in scenario.promql_expr_test:
        degree = Degree.YES if query.exp_samples else Degree.QUIET
        for matchers in _selectors(parse(query.expr)):
            names = _equal(matchers, METRIC_NAME)
            alerts = _equal(matchers, _ALERT_NAME) if names & _OF_ALERTS else set()
            for at, rule in enumerate(rules):
                if rule.name in (names if rule.kind == "record" else alerts) and rule.may_match(matchers):
                    yield at, degree


def _selectors(expr: Expr) -> Iterator[tuple[Matcher, ...]]:
    return (node.matchers for node in descendants(expr) if isinstance(node, VectorSelector))


def _equal(matchers: Iterable[Matcher], name: str) -> set[str]:
    return {matcher.value for matcher in matchers if matcher.name == name and matcher.op is MatchOp.EQUAL}
