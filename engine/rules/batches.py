"""Which rules of a group can be asked about together: those that need not see what the others of them write.

Rules run one after the other, and each sees what those before it have written. A rule that reads nothing of that can
just as well be evaluated with them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from engine.rules.alerting import ALERTS, ALERTS_FOR_STATE
from engine.rules.spec import RecordingRule, Rule
from promql.model.labels import METRIC_NAME
from promql.model.matchers import MatchOp
from promql.syntax.ast import Call, Expr, VectorSelector
from promql.syntax.walk import descendants

LONGEST: Final = 1_000


def batches(rules: Sequence[Rule]) -> list[slice]:
    """Runs of rules, none longer than LONGEST, that cover all of them in order."""
    found: list[slice] = []
    start, written = 0, set[str]()
    for at, rule in enumerate(rules):
        names = set() if rule.expr is None else reads(rule.expr)  # of no metrics
        if at > start and (at - start >= LONGEST or (written if names is None else names & written)):
            found.append(slice(start, at))
            start, written = at, set()
        written |= writes(rule)
    return [*found, slice(start, len(rules))] if rules else []


def writes(rule: Rule) -> set[str]:
    return {rule.name} if isinstance(rule, RecordingRule) else {ALERTS, ALERTS_FOR_STATE}


def reads(expr: Expr) -> set[str] | None:
    """The metrics that it looks at; None where they may be any."""
    found: set[str] = set()
    for node in descendants(expr):
        if isinstance(node, Call) and node.function == "info":
            return None
        if isinstance(node, VectorSelector):
            names = {one.value for one in node.matchers if one.name == METRIC_NAME and one.op is MatchOp.EQUAL}
            if not names:
                return None
            found |= names
    return found
