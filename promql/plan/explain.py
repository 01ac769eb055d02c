"""A plan as a person reads it: one line a node, what it works on below it, and what the store is asked."""

from __future__ import annotations

from collections.abc import Iterator

from promql.model.durations import format_duration
from promql.model.grid import Steps
from promql.plan.nodes import (
    Absent,
    Apply,
    Between,
    Enrich,
    Fetch,
    Inner,
    Negate,
    Number,
    Plan,
    PlanNode,
    RawRange,
    Reduce,
    Repeat,
    Rollup,
    Source,
    Text,
    children,
)


def explain(plan: Plan) -> str:
    """Lines of text, indented by depth. A part that is wanted again is told once more and evaluated once."""
    return "\n".join("  " * depth + line for depth, line in _lines(plan.root, 0))


def _lines(node: PlanNode, depth: int) -> Iterator[tuple[int, str]]:
    yield depth, f"{_title(node)} at {_steps(node.steps)}"
    if isinstance(node, Rollup | RawRange):
        yield depth + 1, _source(node.source)
    for child in children(node):
        yield from _lines(child, depth + 1)


def _title(node: PlanNode) -> str:
    match node:
        case Number(value=value):
            return f"number {value:g}"
        case Text(value=text):
            return f"text {text!r}"
        case Rollup(name=name, length=length):
            return f"{name or 'newest'} over {format_duration(length)}"
        case RawRange(length=length):
            return f"samples of {format_duration(length)}"
        case Repeat():
            return "once, repeated"
        case Apply(name=name):
            return name or "without names"
        case Absent(labels=labels):
            return f"absent {labels}"
        case Reduce(op=op, grouping=grouping, without=without):
            return f"{op} {'without' if without else 'by'} ({', '.join(grouping)})"
        case Negate():
            return "negated"
        case Enrich():
            return "with labels of"
        case Between(op=op, matching=matching):
            return op if matching is None else f"{op} ({matching.cardinality.value})"


def _source(source: Source) -> str:
    match source:
        case Fetch(need=need):
            return f"fetch {{{', '.join(map(str, need.matchers))}}} from {need.start} to {need.end} ({need.kind.value})"
        case Inner():
            return "subquery"


def _steps(steps: Steps) -> str:
    return f"{steps.start}" if steps.count == 1 else f"{steps.count} steps from {steps.start} by {steps.step}"
