"""A plan as a person reads it: one line a node, what it works on below it, and what the store is asked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Protocol

from msgspec import Struct
from msgspec.structs import asdict

from promql.model.durations import format_duration
from promql.model.grid import Steps
from promql.model.instants import rfc3339
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


class Line(Struct, frozen=True):
    """What is done, how deep in the plan; and what it took, where the plan was run: rows and values given, samples
    read, milliseconds with all below it.
    """

    depth: int
    text: str
    rows: int | None = None
    values: int | None = None
    samples: int | None = None
    milliseconds: float | None = None

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


class Took(Protocol):
    """What a node took."""

    rows: int
    values: int
    seconds: float
    fetched: int


def explain(plan: Plan) -> str:
    """Lines of text, indented by depth. A part that is wanted again is named once more and evaluated once."""
    return "\n".join("  " * line.depth + line.text for line in lines(plan, {}))


def lines(plan: Plan, figures: Mapping[int, Took]) -> list[Line]:
    """A line for each node, from the answer to what is fetched. `figures` are by the `id` of a node."""
    return list(_lines(plan.root, 0, figures, set()))


def _lines(node: PlanNode, depth: int, figures: Mapping[int, Took], seen: set[int]) -> Iterator[Line]:
    again = " (the same as above)" if id(node) in seen and _has_parts(node) else ""
    took = figures.get(id(node))
    text = f"{_title(node)} at {_steps(node.steps)}{again}"
    if took is None:
        yield Line(depth, text)
    else:
        streamed = not took.seconds and took.values
        yield Line(depth, text, took.rows, took.values, None, None if streamed else round(took.seconds * 1000, 3))
    if again:
        return
    seen.add(id(node))
    if isinstance(node, Rollup | RawRange):
        yield Line(depth + 1, _source(node.source), samples=took.fetched if took is not None else None)
    for child in children(node):
        yield from _lines(child, depth + 1, figures, seen)


def _has_parts(node: PlanNode) -> bool:
    return isinstance(node, Rollup | RawRange) or any(True for _ in children(node))


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
            selector = f"{{{', '.join(map(str, need.matchers))}}}"
            return f"fetch {selector} from {rfc3339(need.start)} to {rfc3339(need.end)} ({need.kind.value})"
        case Inner():
            return "subquery"


def _steps(steps: Steps) -> str:
    start = rfc3339(steps.start)
    return start if steps.count == 1 else f"{steps.count} steps from {start} by {format_duration(steps.step)}"
