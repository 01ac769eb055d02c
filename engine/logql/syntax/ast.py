"""The tree of a query. Nodes are frozen values; durations are nanoseconds.

A query is a Log (lines) or a metric: one of the other expressions.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

from promql.model.matchers import Matcher
from promql.syntax.ast import VectorMatching

# Conditions on labels


@dataclass(frozen=True, slots=True)
class TextFilter:
    """`label="text"` and the like; an absent label counts as empty."""

    matcher: Matcher


@dataclass(frozen=True, slots=True)
class NumberFilter:
    """`label OP number`; `op` is one of == != > >= < <=."""

    label: str
    op: str
    value: float


@dataclass(frozen=True, slots=True)
class DurationFilter:
    """`label OP 5s`; `text` is the duration as it was written."""

    label: str
    op: str
    value: int
    text: str


@dataclass(frozen=True, slots=True)
class BytesFilter:
    """`label OP 5MB`; `text` is the size as it was written."""

    label: str
    op: str
    value: int
    text: str


@dataclass(frozen=True, slots=True)
class IpFilter:
    """`label = ip("...")`, or with `equal` false `!=`."""

    label: str
    equal: bool
    pattern: str


@dataclass(frozen=True, slots=True)
class AndFilter:
    left: LabelCondition
    right: LabelCondition


@dataclass(frozen=True, slots=True)
class OrFilter:
    left: LabelCondition
    right: LabelCondition


LabelCondition: TypeAlias = TextFilter | NumberFilter | DurationFilter | BytesFilter | IpFilter | AndFilter | OrFilter

# Stages


@dataclass(frozen=True, slots=True)
class Needle:
    """What a line filter looks for: a text, a pattern, or (`is_ip`) addresses."""

    text: str
    is_ip: bool = False


@dataclass(frozen=True, slots=True)
class LineFilter:
    """`op` is one of |= != |~ !~ |> !>. A line passes where any needle is found; with `!` where none is."""

    op: str
    needles: tuple[Needle, ...]


@dataclass(frozen=True, slots=True)
class Extraction:
    """`label="path"`."""

    label: str
    path: str


@dataclass(frozen=True, slots=True)
class JsonStage:
    """All fields, or those of the extractions alone."""

    extractions: tuple[Extraction, ...] = ()


@dataclass(frozen=True, slots=True)
class LogfmtStage:
    """All pairs, or those of the extractions alone."""

    extractions: tuple[Extraction, ...] = ()
    strict: bool = False
    keep_empty: bool = False


@dataclass(frozen=True, slots=True)
class RegexpStage:
    pattern: str


@dataclass(frozen=True, slots=True)
class PatternStage:
    pattern: str


@dataclass(frozen=True, slots=True)
class UnpackStage:
    pass


@dataclass(frozen=True, slots=True)
class DecolorizeStage:
    pass


@dataclass(frozen=True, slots=True)
class LineFormatStage:
    template: str


@dataclass(frozen=True, slots=True)
class LabelFormat:
    """`label=other` where `rename`, or `label="template"`."""

    label: str
    value: str
    rename: bool


@dataclass(frozen=True, slots=True)
class LabelFormatStage:
    formats: tuple[LabelFormat, ...]


@dataclass(frozen=True, slots=True)
class PickStage:
    """`drop` or `keep`, of labels by name, or where a matcher matches their value."""

    keep: bool
    picks: tuple[str | Matcher, ...]


@dataclass(frozen=True, slots=True)
class LabelFilterStage:
    condition: LabelCondition


@dataclass(frozen=True, slots=True)
class UnwrapStage:
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


@dataclass(frozen=True, slots=True)
class Log:
    """Lines: of which streams, and what happens to each. `unwrap` occurs inside of ranges alone."""

    matchers: tuple[Matcher, ...]
    stages: tuple[Stage, ...] = ()

    @property
    def unwrap(self) -> UnwrapStage | None:
        return next((one for one in self.stages if isinstance(one, UnwrapStage)), None)


@dataclass(frozen=True, slots=True)
class Grouping:
    """`by (labels)` or `without (labels)`."""

    labels: tuple[str, ...]
    without: bool = False


@dataclass(frozen=True, slots=True)
class RangeAggregation:
    """`op(param, log [range] offset offset) by (...)`."""

    op: str
    log: Log
    range: int
    offset: int = 0
    param: float | None = None
    grouping: Grouping | None = None


@dataclass(frozen=True, slots=True)
class VectorAggregation:
    """`op by (...) (param, expr)`."""

    op: str
    expr: Metric
    param: float | None = None
    grouping: Grouping | None = None


@dataclass(frozen=True, slots=True)
class Sorted:
    """`sort(expr)` or `sort_desc(expr)`."""

    expr: Metric
    descending: bool


@dataclass(frozen=True, slots=True)
class Binary:
    op: str
    left: Metric
    right: Metric
    bool_modifier: bool = False
    matching: VectorMatching = PLAIN


@dataclass(frozen=True, slots=True)
class Literal:
    """A number. Equal ones have the same text: 0 is not -0, while NaN is NaN."""

    value: float

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Literal) and repr(self.value) == repr(other.value)

    def __hash__(self) -> int:
        return hash(repr(self.value))


@dataclass(frozen=True, slots=True)
class Vector:
    """`vector(number)`."""

    value: float


@dataclass(frozen=True, slots=True)
class LabelReplace:
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
