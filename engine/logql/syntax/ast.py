"""The tree of a query. Nodes are frozen values; durations are nanoseconds.

A query is a Log (lines) or a metric: one of the other expressions.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, TypeAlias

from msgspec import Struct

from promql.model.matchers import Matcher
from promql.syntax.ast import VectorMatching

# Conditions on labels


class TextFilter(Struct, frozen=True):
    """`label="text"` and the like; an absent label counts as empty."""

    matcher: Matcher


class NumberFilter(Struct, frozen=True):
    """`label OP number`; `op` is one of == != > >= < <=."""

    label: str
    op: str
    value: float


class DurationFilter(Struct, frozen=True):
    """`label OP 5s`; `text` is the duration as it was written."""

    label: str
    op: str
    value: int
    text: str


class BytesFilter(Struct, frozen=True):
    """`label OP 5MB`; `text` is the size as it was written."""

    label: str
    op: str
    value: int
    text: str


class IpFilter(Struct, frozen=True):
    """`label = ip("...")`, or with `equal` false `!=`."""

    label: str
    equal: bool
    pattern: str


class AndFilter(Struct, frozen=True):
    left: LabelCondition
    right: LabelCondition


class OrFilter(Struct, frozen=True):
    left: LabelCondition
    right: LabelCondition


LabelCondition: TypeAlias = TextFilter | NumberFilter | DurationFilter | BytesFilter | IpFilter | AndFilter | OrFilter

# Stages


class Needle(Struct, frozen=True):
    """What a line filter looks for: a text, a pattern, or (`is_ip`) addresses."""

    text: str
    is_ip: bool = False


class LineFilter(Struct, frozen=True):
    """`op` is one of |= != |~ !~ |> !>. A line passes where any needle is found; with `!` where none is."""

    op: str
    needles: tuple[Needle, ...]


class Extraction(Struct, frozen=True):
    """`label="path"`."""

    label: str
    path: str


class JsonStage(Struct, frozen=True):
    """All fields, or those of the extractions alone."""

    extractions: tuple[Extraction, ...] = ()


class LogfmtStage(Struct, frozen=True):
    """All pairs, or those of the extractions alone."""

    extractions: tuple[Extraction, ...] = ()
    strict: bool = False
    keep_empty: bool = False


class RegexpStage(Struct, frozen=True):
    pattern: str


class PatternStage(Struct, frozen=True):
    pattern: str


class UnpackStage(Struct, frozen=True):
    pass


class DecolorizeStage(Struct, frozen=True):
    pass


class LineFormatStage(Struct, frozen=True):
    template: str


class LabelFormat(Struct, frozen=True):
    """`label=other` where `rename`, or `label="template"`."""

    label: str
    value: str
    rename: bool


class LabelFormatStage(Struct, frozen=True):
    formats: tuple[LabelFormat, ...]


class PickStage(Struct, frozen=True):
    """`drop` or `keep`, of labels by name, or where a matcher matches their value."""

    keep: bool
    picks: tuple[str | Matcher, ...]


class LabelFilterStage(Struct, frozen=True):
    condition: LabelCondition


class UnwrapStage(Struct, frozen=True):
    """`unwrap label`; `conversion` is empty, `bytes`, `duration` or `duration_seconds`."""

    label: str
    conversion: str = ""


Stage: TypeAlias = (
    LineFilter
    | JsonStage
    | LogfmtStage
    | RegexpStage
    | PatternStage
    | UnpackStage
    | DecolorizeStage
    | LineFormatStage
    | LabelFormatStage
    | PickStage
    | LabelFilterStage
    | UnwrapStage
)

# Expressions

PLAIN: Final = VectorMatching()


class Log(Struct, frozen=True):
    """Lines: of which streams, and what happens to each. `unwrap` occurs inside of ranges alone."""

    matchers: tuple[Matcher, ...]
    stages: tuple[Stage, ...] = ()

    @property
    def unwrap(self) -> UnwrapStage | None:
        return next((one for one in self.stages if isinstance(one, UnwrapStage)), None)


class Grouping(Struct, frozen=True):
    """`by (labels)` or `without (labels)`."""

    labels: tuple[str, ...]
    without: bool = False


class RangeAggregation(Struct, frozen=True):
    """`op(param, log [range] offset offset) by (...)`."""

    op: str
    log: Log
    range: int
    offset: int = 0
    param: float | None = None
    grouping: Grouping | None = None


class VectorAggregation(Struct, frozen=True):
    """`op by (...) (param, expr)`."""

    op: str
    expr: Metric
    param: float | None = None
    grouping: Grouping | None = None


class Sorted(Struct, frozen=True):
    """`sort(expr)` or `sort_desc(expr)`."""

    expr: Metric
    descending: bool


class Binary(Struct, frozen=True):
    op: str
    left: Metric
    right: Metric
    bool_modifier: bool = False
    matching: VectorMatching = PLAIN


class Literal(Struct, frozen=True):
    """A number. Equal ones have the same text: 0 is not -0, while NaN is NaN."""

    value: float

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Literal) and repr(self.value) == repr(other.value)

    def __hash__(self) -> int:
        return hash(repr(self.value))


class Vector(Struct, frozen=True):
    """`vector(number)`."""

    value: float


class LabelReplace(Struct, frozen=True):
    expr: Metric
    target: str
    replacement: str
    source: str
    pattern: str


Metric: TypeAlias = RangeAggregation | VectorAggregation | Sorted | Binary | Literal | Vector | LabelReplace
Expr: TypeAlias = Log | Metric


def inner(expr: Metric) -> Sequence[Metric]:
    """The metrics that an expression is made of."""
    match expr:
        case VectorAggregation() | Sorted() | LabelReplace():
            return (expr.expr,)
        case Binary():
            return (expr.left, expr.right)
        case _:
            return ()
