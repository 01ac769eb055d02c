"""`| label op value`: which lines stay, by their labels.

A line without the label goes, whatever a number, a duration or a size is compared with it; as a text an absent label is
empty. A value that can't be read is an error of the line, which stays, and so does a line with an earlier error.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final

from engine.gotemplate.floats import parse_float
from engine.logql import units
from engine.logql.pipeline.ip import Addresses
from engine.logql.pipeline.row import Row, Step
from engine.logql.syntax.ast import (
    AndFilter,
    BytesFilter,
    DurationFilter,
    IpFilter,
    LabelCondition,
    NumberFilter,
    OrFilter,
    TextFilter,
)
from promql.model.matchers import Matcher, MatchOp

KIND: Final = "LabelFilterErr"
_COMPARE: Final[Mapping[str, Callable[[Any, Any], bool]]] = MappingProxyType(
    {
        "!=": operator.ne,
        "<": operator.lt,
        "<=": operator.le,
        "==": operator.eq,
        ">": operator.gt,
        ">=": operator.ge,
    }
)


def step_of(condition: LabelCondition) -> Step:
    """Raises ValueError for an address that is none."""
    match condition:
        case TextFilter(matcher):
            return _text(matcher)
        case NumberFilter(label, op, value):
            return _compared(label, op, value, parse_float)
        case DurationFilter(label, op, value, _):
            return _compared(label, op, value, units.go_duration)
        case BytesFilter(label, op, value, _):
            return _compared(label, op, value, units.size)
        case IpFilter(label, equal, pattern):
            return _address(label, Addresses(pattern), equal=equal)
        case AndFilter(left, right):
            return _both(step_of(left), step_of(right))
        case OrFilter(left, right):
            return _either(step_of(left), step_of(right))


def _text(matcher: Matcher) -> Step:
    name, value = matcher.name, matcher.value
    if matcher.op is MatchOp.EQUAL and not name.startswith("__"):
        return lambda row: row.labels.get(name, "") == value
    if matcher.op is MatchOp.NOT_EQUAL and not name.startswith("__"):
        return lambda row: row.labels.get(name, "") != value
    return lambda row: matcher.matches(row.get(name) or "")


def _compared(label: str, op: str, value: float, read: Callable[[str], float]) -> Step:
    holds = _COMPARE[op]

    def step(row: Row) -> bool:
        if row.error:
            return True
        text = row.get(label)
        if text is None:
            return False
        try:
            return holds(read(text), value)
        except ValueError as error:
            row.fail(KIND, str(error))
            return True

    return step


def _address(label: str, addresses: Addresses, *, equal: bool) -> Step:
    def step(row: Row) -> bool:
        if row.error:
            return True
        text = row.get(label)
        return text is not None and addresses.contains(text.encode(errors="replace")) is equal

    return step


def _both(left: Step, right: Step) -> Step:
    return lambda row: left(row) and right(row)


def _either(left: Step, right: Step) -> Step:
    return lambda row: left(row) or right(row)


def labels_of(condition: LabelCondition) -> set[str]:
    """The labels that a condition reads."""
    match condition:
        case TextFilter(matcher):
            return {matcher.name}
        case AndFilter(left, right) | OrFilter(left, right):
            return labels_of(left) | labels_of(right)
        case _:
            return {condition.label}
