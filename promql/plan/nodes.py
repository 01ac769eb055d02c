"""What a plan is made of. Each node says at which steps it is wanted and what it works on; none does anything.

Nodes are compared by identity: an expression that occurs twice is one node, wanted twice.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from promql.functions.elementwise import GridCall
from promql.functions.windows import Kernel
from promql.model.grid import Steps
from promql.model.labels import Labels
from promql.model.matchers import Matcher
from promql.model.panel import Need
from promql.plan.window import Options, Window
from promql.syntax.ast import VectorMatching


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Node:
    """`steps` are the instants at which it is evaluated."""

    steps: Steps


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Number(Node):
    """A constant scalar."""

    value: float


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Text(Node):
    value: str


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Fetch:
    """Samples of the store. `one_name`: all series share one metric name, so that rows stay apart without it."""

    need: Need
    one_name: bool


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Inner:
    """Samples of a subquery: what its expression gives at steps of its own."""

    expr: PlanNode


Source: TypeAlias = Fetch | Inner


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Rollup(Node):
    """A kernel over windows of a source. Windows end at `ends` (the steps, moved by offset or `@`); `length` in ms."""

    name: str
    kernel: Kernel
    source: Source
    ends: Steps
    length: int
    args: tuple[PlanNode, ...] = ()
    keeps_name: bool = False


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class RawRange(Node):
    """The samples of a range themselves: an instant query for a range vector."""

    source: Source
    ends: Steps
    length: int


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Repeat(Node):
    """A part that does not depend on the step, evaluated once."""

    expr: PlanNode


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Apply(Node):
    """A function of grids, scalars and texts."""

    name: str
    call: GridCall
    args: tuple[PlanNode, ...]
    scalar: bool = False


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Absent(Node):
    """One series, with these labels, where the expression gives nothing."""

    expr: PlanNode
    labels: Labels


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Reduce(Node):
    """An aggregation."""

    op: str
    expr: PlanNode
    param: PlanNode | None
    grouping: tuple[str, ...]
    without: bool


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Negate(Node):
    expr: PlanNode


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Between(Node):
    """A binary operator; `matching` where both sides are vectors."""

    op: str
    left: PlanNode
    right: PlanNode
    as_bool: bool
    matching: VectorMatching | None


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Enrich(Node):
    """A vector with labels of information series: `infos` gives the time of each one's sample (s).

    Series that all of `names` match are information themselves and stay as they are. `conditions` are those on
    other labels: where there are some, only their labels are taken.
    """

    expr: PlanNode
    infos: PlanNode
    names: tuple[Matcher, ...]
    conditions: tuple[Matcher, ...]


PlanNode: TypeAlias = Number | Text | Rollup | RawRange | Repeat | Apply | Absent | Reduce | Negate | Between | Enrich


@dataclass(frozen=True, slots=True)
class Plan:
    """`needs` are what the store must answer before the plan is run; equal ones are asked once."""

    root: PlanNode
    needs: tuple[Need, ...]
    window: Window
    options: Options


def is_scalar(node: PlanNode) -> bool:
    """Does it give one number a step?"""
    match node:
        case Number():
            return True
        case Apply():
            return node.scalar
        case Between():
            return node.matching is None and is_scalar(node.left) and is_scalar(node.right)
        case Negate() | Repeat():
            return is_scalar(node.expr)
        case Text() | Rollup() | RawRange() | Absent() | Reduce() | Enrich():
            return False


def children(node: PlanNode) -> Sequence[PlanNode]:
    """What it works on, in the order of evaluation."""
    match node:
        case Rollup(source=Inner(expr=inner), args=args):
            return (inner, *args)
        case Rollup(args=args) | Apply(args=args):
            return args
        case Repeat(expr=expr) | Absent(expr=expr) | Negate(expr=expr) | RawRange(source=Inner(expr=expr)):
            return (expr,)
        case Reduce(expr=expr, param=param):
            return (expr,) if param is None else (expr, param)
        case Between(left=left, right=right):
            return (left, right)
        case Enrich(expr=expr, infos=infos):
            return (expr, infos)
        case Number() | Text() | RawRange():
            return ()


def uses(roots: Iterable[PlanNode]) -> Counter[int]:
    """How often nodes are asked for their value, by their ids. One that several ask for works once, so what is below it
    is asked for once on its behalf.
    """
    found: Counter[int] = Counter()
    rest = list(roots)
    while rest:
        node = rest.pop()
        found[id(node)] += 1
        if found[id(node)] == 1:
            rest += children(node)
    return found


def walk(node: PlanNode) -> Iterator[PlanNode]:
    """The node and all below it."""
    yield node
    for child in children(node):
        yield from walk(child)
