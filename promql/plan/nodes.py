"""What a plan is made of. Each node says at which steps it is wanted and what it works on; none does anything.

Nodes are compared by identity: an expression that occurs twice is one node, wanted twice.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import TypeAlias

from msgspec import Struct

from promql.functions.elementwise import GridCall
from promql.functions.windows import Kernel
from promql.model.grid import Steps
from promql.model.labels import Labels
from promql.model.matchers import Matcher
from promql.model.panel import Need
from promql.plan.window import Options, Window
from promql.syntax.ast import VectorMatching


class Node(Struct, frozen=True, eq=False, kw_only=True):
    """`steps` are the instants at which it is evaluated."""

    steps: Steps


class Number(Node, frozen=True, eq=False, kw_only=True):
    """A constant scalar."""

    value: float


class Text(Node, frozen=True, eq=False, kw_only=True):
    value: str


class Fetch(Struct, frozen=True, eq=False, kw_only=True):
    """Samples of the store. `one_name`: all series share one metric name, so that rows stay apart without it."""

    need: Need
    one_name: bool


class Inner(Struct, frozen=True, eq=False, kw_only=True):
    """Samples of a subquery: what its expression gives at steps of its own."""

    expr: PlanNode


Source: TypeAlias = Fetch | Inner


class Rollup(Node, frozen=True, eq=False, kw_only=True):
    """A kernel over windows of a source. Windows end at `ends` (the steps, moved by offset or `@`); `length` in ms."""

    name: str
    kernel: Kernel
    source: Source
    ends: Steps
    length: int
    args: tuple[PlanNode, ...] = ()
    keeps_name: bool = False


class RawRange(Node, frozen=True, eq=False, kw_only=True):
    """The samples of a range themselves: an instant query for a range vector."""

    source: Source
    ends: Steps
    length: int


class Repeat(Node, frozen=True, eq=False, kw_only=True):
    """A part that does not depend on the step, evaluated once."""

    expr: PlanNode


class Apply(Node, frozen=True, eq=False, kw_only=True):
    """A function of grids, scalars and texts."""

    name: str
    call: GridCall
    args: tuple[PlanNode, ...]
    scalar: bool = False


class Absent(Node, frozen=True, eq=False, kw_only=True):
    """One series, with these labels, where the expression gives nothing."""

    expr: PlanNode
    labels: Labels


class Reduce(Node, frozen=True, eq=False, kw_only=True):
    """An aggregation."""

    op: str
    expr: PlanNode
    param: PlanNode | None
    grouping: tuple[str, ...]
    without: bool


class Negate(Node, frozen=True, eq=False, kw_only=True):
    expr: PlanNode


class Between(Node, frozen=True, eq=False, kw_only=True):
    """A binary operator; `matching` where both sides are vectors."""

    op: str
    left: PlanNode
    right: PlanNode
    as_bool: bool
    matching: VectorMatching | None


class Enrich(Node, frozen=True, eq=False, kw_only=True):
    """A vector with labels of information series: `infos` gives the time of each one's sample (s).

    Series that all of `names` match are information themselves and stay as they are. `conditions` are those on
    other labels: where there are some, only their labels are taken.
    """

    expr: PlanNode
    infos: PlanNode
    names: tuple[Matcher, ...]
    conditions: tuple[Matcher, ...]


PlanNode: TypeAlias = Number | Text | Rollup | RawRange | Repeat | Apply | Absent | Reduce | Negate | Between | Enrich


class Plan(Struct, frozen=True):
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
