"""Which rules the tests have looked at.

An alerting rule is tested where a test expects it to fire (or to be pending); one that was only ever expected to be
quiet is not, since a rule that can't fire passes such tests. A recording rule is tested where an expression of a test
names it; one that only tested rules use counts as reached through them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Final

from engine.rules.config import Rule
from engine.testing.rules.file import Scenario
from engine.testing.rules.run import Suite
from promql.model.labels import METRIC_NAME
from promql.model.matchers import Matcher, MatchOp
from promql.syntax.ast import Expr, VectorSelector
from promql.syntax.parser import parse
from promql.syntax.walk import descendants


class Degree(Enum):
    YES = "tested"
    QUIET = "only expected to be quiet"
    THROUGH = "only through rules that use it"
    NO = "never tested"


@dataclass(frozen=True, slots=True)
class Covered:
    """One rule of one file."""

    file: str
    group: str
    kind: str
    name: str
    tested: Degree


def coverage(files: Iterable[Suite]) -> list[Covered]:
    """Every rule of the rule files that these tests name, each once, in their order; refused files don't count."""
    files = [file for file in files if not file.fatal]
    scenarios = [scenario for file in files for scenario in file.tests.tests]
    rules = {
        (path, group.name, at): rule
        for file in files
        for path, found in file.rules.items()
        for group in found.groups
        for at, rule in enumerate(group.rules)
    }
    told = dict(_told(scenarios, rules.values()))
    return [
        Covered(path, group, "alert" if rule.alert else "record", rule.name, told.get(_key(rule), Degree.NO))
        for (path, group, _), rule in rules.items()
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


def _key(rule: Rule) -> tuple[str, str]:
    return ("alert" if rule.alert else "record", rule.name)


def _told(scenarios: Sequence[Scenario], rules: Iterable[Rule]) -> Iterator[tuple[tuple[str, str], Degree]]:
    """What is known of each name; what is said later counts more."""
    queries = [parse(case.expr) for scenario in scenarios for case in scenario.promql_expr_test]
    cases = [case for scenario in scenarios for case in scenario.alert_rule_test]
    named = {("record", name) for expr in queries for name in metrics(expr)}
    fired = {("alert", case.alertname) for case in cases if case.exp_alerts or case.exp_pending}
    fired |= {("alert", name) for expr in queries for name in _alerts(expr)}
    reached = named | fired
    uses = {_key(rule): {("record", name) for name in metrics(parse(rule.expr))} for rule in rules}
    through: set[tuple[str, str]] = set()
    waiting = list(reached)
    while waiting:
        more = uses.get(waiting.pop(), set()) - through
        through |= more
        waiting += more
    yield from ((key, Degree.THROUGH) for key in through)
    yield from ((("alert", case.alertname), Degree.QUIET) for case in cases)
    yield from ((key, Degree.YES) for key in reached)


def metrics(expr: Expr) -> set[str]:
    """The metrics that an expression names."""
    return {value for matchers in _selectors(expr) for value in _equal(matchers, METRIC_NAME)}


def _alerts(expr: Expr) -> set[str]:
    """The alerts whose `ALERTS` an expression asks for by name."""
    return {
        value
        for matchers in _selectors(expr)
        if _equal(matchers, METRIC_NAME) & {"ALERTS", "ALERTS_FOR_STATE"}
        for value in _equal(matchers, _ALERT_NAME)
    }


def _selectors(expr: Expr) -> Iterator[tuple[Matcher, ...]]:
    return (node.matchers for node in descendants(expr) if isinstance(node, VectorSelector))


def _equal(matchers: Iterable[Matcher], name: str) -> set[str]:
    return {matcher.value for matcher in matchers if matcher.name == name and matcher.op is MatchOp.EQUAL}
