"""The tree of an expression. Nodes are frozen values; `span` is the half-open range of UTF-8 bytes in the
source from which error positions are told, and takes no part in equality.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import TypeAlias

from promql.model.matchers import Matcher


class ValueType(Enum):
    """The type of what an expression evaluates to, by the names that error messages use."""

    SCALAR = "scalar"
    VECTOR = "instant vector"
    MATRIX = "range vector"
    STRING = "string"


@dataclass(frozen=True, slots=True)
class Span:
    start: int = 0
    end: int = 0


class Bound(Enum):
    """The two instants of `@ start()` and `@ end()`."""

    START = "start()"
    END = "end()"


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    span: Span = field(default=Span(), compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class NumberLiteral(Node):
    """`is_duration` where it was written as one, like `5m` for 300.

    Equal ones have the same text: 0 is not -0, which divides otherwise, while NaN is NaN.
    """

    value: float
    is_duration: bool = False

    def __eq__(self, other: object) -> bool:
        return isinstance(other, NumberLiteral) and self._key() == other._key()

    def __hash__(self) -> int:
        return hash(self._key())

    def _key(self) -> tuple[str, bool]:
        return repr(self.value), self.is_duration


@dataclass(frozen=True, slots=True)
class StringLiteral(Node):
    value: str


@dataclass(frozen=True, slots=True)
class VectorSelector(Node):
    """`name{matchers} offset 5m @ 1.5`. `matchers` holds the one for the name too, last as Prometheus keeps it.

    `offset` in ms; `at` in Unix ms, a bound of the query, or None.
    """

    name: str
    matchers: tuple[Matcher, ...]
    offset: int = 0
    at: int | Bound | None = None


@dataclass(frozen=True, slots=True)
class MatrixSelector(Node):
    """`selector[range]`; modifiers written after the bracket are kept in the selector. `range` in ms."""

    selector: VectorSelector
    range: int


@dataclass(frozen=True, slots=True)
class Subquery(Node):
    """`(expr)[range:step]`; `step` None means the default. All in ms."""

    expr: Expr
    range: int
    step: int | None
    offset: int = 0
    at: int | Bound | None = None


@dataclass(frozen=True, slots=True)
class Call(Node):
    function: str
    args: tuple[Expr, ...]


@dataclass(frozen=True, slots=True)
class Aggregation(Node):
    """`op by (grouping) (param, expr)`."""

    op: str
    expr: Expr
    param: Expr | None = None
    grouping: tuple[str, ...] = ()
    without: bool = False


class Cardinality(Enum):
    ONE_TO_ONE = "one-to-one"
    MANY_TO_ONE = "many-to-one"
    ONE_TO_MANY = "one-to-many"
    MANY_TO_MANY = "many-to-many"


@dataclass(frozen=True, slots=True)
class VectorMatching:
    """`on(labels)` or `ignoring(labels)`, `group_left(include)` or `group_right(include)`."""

    cardinality: Cardinality = Cardinality.ONE_TO_ONE
    labels: tuple[str, ...] = ()
    on: bool = False
    include: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Binary(Node):
    """`matching` is None where a side is a scalar; set operators are many-to-many."""

    op: str
    left: Expr
    right: Expr
    bool_modifier: bool = False
    matching: VectorMatching | None = None


@dataclass(frozen=True, slots=True)
class Unary(Node):
    op: str
    expr: Expr


@dataclass(frozen=True, slots=True)
class Paren(Node):
    expr: Expr


Expr: TypeAlias = (
    NumberLiteral
    | StringLiteral
    | VectorSelector
    | MatrixSelector
    | Subquery
    | Call
    | Aggregation
    | Binary
    | Unary
    | Paren
)
