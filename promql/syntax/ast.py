"""The tree of an expression. Nodes are frozen values; `span` is the half-open range of UTF-8 bytes in the
source from which error positions are told, and takes no part in equality.
"""

from __future__ import annotations

from enum import Enum
from typing import TypeAlias

from msgspec import Struct
from msgspec.structs import astuple

from promql.model.matchers import Matcher


class ValueType(Enum):
    """The type of what an expression evaluates to, by the names that error messages use."""

    SCALAR = "scalar"
    VECTOR = "instant vector"
    MATRIX = "range vector"
    STRING = "string"


class Span(Struct, frozen=True):
    start: int = 0
    end: int = 0


class Bound(Enum):
    """The two instants of `@ start()` and `@ end()`."""

    START = "start()"
    END = "end()"


class Node(Struct, frozen=True, kw_only=True, eq=False):
    """`span`, in characters, tells where it was written, and makes equal ones no less equal."""

    span: Span = Span()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Node) and type(self) is type(other) and self._key() == other._key()

    def __hash__(self) -> int:
        return hash(self._key())

    def _key(self) -> tuple[object, ...]:
        return astuple(self)[:-1]  # what is given by its name alone comes last


class NumberLiteral(Node, frozen=True):
    """`is_duration` where it was written as one, like `5m` for 300.

    Equal ones have the same text: 0 is not -0, which divides otherwise, while NaN is NaN.
    """

    value: float
    is_duration: bool = False

    def _key(self) -> tuple[object, ...]:
        return repr(self.value), self.is_duration


class StringLiteral(Node, frozen=True):
    value: str


class VectorSelector(Node, frozen=True):
    """`name{matchers} offset 5m @ 1.5`. `matchers` holds the one for the name too, last as Prometheus keeps it.

    `offset` in ms; `at` in Unix ms, a bound of the query, or None.
    """

    name: str
    matchers: tuple[Matcher, ...]
    offset: int = 0
    at: int | Bound | None = None


class MatrixSelector(Node, frozen=True):
    """`selector[range]`; modifiers written after the bracket are kept in the selector. `range` in ms."""

    selector: VectorSelector
    range: int


class Subquery(Node, frozen=True):
    """`(expr)[range:step]`; `step` None means the default. All in ms."""

    expr: Expr
    range: int
    step: int | None
    offset: int = 0
    at: int | Bound | None = None


class Call(Node, frozen=True):
    function: str
    args: tuple[Expr, ...]


class Aggregation(Node, frozen=True):
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


class VectorMatching(Struct, frozen=True):
    """`on(labels)` or `ignoring(labels)`, `group_left(include)` or `group_right(include)`."""

    cardinality: Cardinality = Cardinality.ONE_TO_ONE
    labels: tuple[str, ...] = ()
    on: bool = False
    include: tuple[str, ...] = ()


class Binary(Node, frozen=True):
    """`matching` is None where a side is a scalar; set operators are many-to-many."""

    op: str
    left: Expr
    right: Expr
    bool_modifier: bool = False
    matching: VectorMatching | None = None


class Unary(Node, frozen=True):
    op: str
    expr: Expr


class Paren(Node, frozen=True):
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
