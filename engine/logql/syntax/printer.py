"""A tree as text, which parses to the same tree. Parentheses stand where the operators' order needs them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from engine.logql.syntax.ast import (
    AndFilter,
    Binary,
    BytesFilter,
    DecolorizeStage,
    DurationFilter,
    Expr,
    Extraction,
    Grouping,
    IpFilter,
    JsonStage,
    LabelCondition,
    LabelFilterStage,
    LabelFormat,
    LabelFormatStage,
    LabelReplace,
    LineFilter,
    LineFormatStage,
    Literal,
    Log,
    LogfmtStage,
    Needle,
    NumberFilter,
    OrFilter,
    PatternStage,
    PickStage,
    RangeAggregation,
    RegexpStage,
    Sorted,
    Stage,
    TextFilter,
    UnpackStage,
    UnwrapStage,
    Vector,
    VectorAggregation,
)
from promql.model.labels import quote
from promql.model.matchers import Matcher
from promql.model.numbers import general
from promql.syntax.ast import Cardinality, VectorMatching

_UNITS: Final = (
    ("d", 86_400 * 10**9), ("h", 3600 * 10**9), ("m", 60 * 10**9), ("s", 10**9), ("ms", 10**6), ("us", 1000), ("ns", 1),
)  # fmt: skip
_LEADING: Final = re.compile(r"(?:decolorize|json|logfmt|unpack)\b")  # noqa: TID251 - ours, linear


def printed(expr: Expr) -> str:
    """On one line."""
    return _escaped(_printed(expr))


def _escaped(text: str) -> str:
    """U+FFFD may stand in no literal as it is; it occurs in literals alone."""
    return text.replace("\ufffd", "\\ufffd")


def _printed(expr: Expr) -> str:
    match expr:
        case Log():
            return _log(expr)
        case RangeAggregation():
            return _ranged(expr)
        case VectorAggregation():
            param = "" if expr.param is None else f"{_number(expr.param)}, "
            return f"{expr.op}{_grouping(expr.grouping)}({param}{_printed(expr.expr)})"
        case Sorted():
            return f"{'sort_desc' if expr.descending else 'sort'}({_printed(expr.expr)})"
        case Binary():
            is_bool = " bool" if expr.bool_modifier else ""
            return f"{_operand(expr.left)} {expr.op}{is_bool}{_matching(expr.matching)} {_operand(expr.right)}"
        case Literal():
            return _number(expr.value)
        case Vector():
            return f"vector({_number(expr.value)})"
        case LabelReplace():
            texts = (expr.target, expr.replacement, expr.source, expr.pattern)
            return f"label_replace({', '.join((_printed(expr.expr), *map(quote, texts)))})"


def _operand(expr: Expr) -> str:
    return f"({_printed(expr)})" if isinstance(expr, Binary) else _printed(expr)


def _matching(matching: VectorMatching) -> str:
    grouped = matching.cardinality in (Cardinality.MANY_TO_ONE, Cardinality.ONE_TO_MANY)
    if not (matching.labels or matching.on or grouped):
        return ""
    text = f" {'on' if matching.on else 'ignoring'} ({', '.join(matching.labels)})"
    if grouped:
        side = "group_left" if matching.cardinality is Cardinality.MANY_TO_ONE else "group_right"
        text += f" {side} ({', '.join(matching.include)})"
    return text


def _ranged(expr: RangeAggregation) -> str:
    param = "" if expr.param is None else f"{_number(expr.param)}, "
    offset = f" offset {duration(expr.offset)}" if expr.offset else ""
    behind = _grouping(expr.grouping)
    return f"{expr.op}({param}{_log(expr.log)} [{duration(expr.range)}]{offset}){behind}"


def _grouping(grouping: Grouping | None) -> str:
    if grouping is None:
        return ""
    return f" {'without' if grouping.without else 'by'} ({', '.join(grouping.labels)})"


def duration(ns: int) -> str:
    """As a literal of the language, without a fraction: `1h30m`, or Go's `1m1us` where Prometheus has no unit."""
    rest, pieces = abs(ns), []
    for unit, size in _UNITS if ns % 10**6 == 0 else _UNITS[1:]:
        count, rest = divmod(rest, size)
        if count:
            pieces.append(f"{count}{unit}")
    return ("-" if ns < 0 else "") + ("".join(pieces) or "0s")


def _number(value: float) -> str:
    """Infinite and undefined ones have no literal; they come of constants, and are printed as such."""
    if value != value:  # noqa: PLR0124 - NaN
        return "(0 / 0)"
    if value in (float("inf"), float("-inf")):
        return "(10 ^ 400)" if value > 0 else "(-1 * 10 ^ 400)"
    return general(value)


# Lines


def _log(log: Log) -> str:
    selector = "{" + ", ".join(map(str, log.matchers)) + "}"
    return " ".join((selector, *map(stage, log.stages)))


def stage(one: Stage) -> str:
    """One stage, with its bar."""
    match one:
        case LineFilter():
            return f"{one.op} {' or '.join(map(_needle, one.needles))}"
        case LabelFilterStage():
            return f"| {_first_condition(one.condition)}"
        case _:
            return f"| {_behind_bar(one)}"


def _behind_bar(one: Stage) -> str:
    match one:
        case JsonStage():
            return " ".join(("json", *_listed(map(_extraction, one.extractions))))
        case LogfmtStage():
            flags = [flag for flag, on in (("--strict", one.strict), ("--keep-empty", one.keep_empty)) if on]
            return " ".join(("logfmt", *flags, *_listed(map(_extraction, one.extractions))))
        case RegexpStage() | PatternStage():
            return f"{'regexp' if isinstance(one, RegexpStage) else 'pattern'} {quote(one.pattern)}"
        case UnpackStage() | DecolorizeStage():
            return "unpack" if isinstance(one, UnpackStage) else "decolorize"
        case LineFormatStage():
            return f"line_format {quote(one.template)}"
        case LabelFormatStage():
            return " ".join(("label_format", *_listed(map(_format, one.formats))))
        case PickStage():
            return " ".join(("keep" if one.keep else "drop", *_listed(map(str, one.picks))))
        case UnwrapStage():
            return f"unwrap {one.conversion}({one.label})" if one.conversion else f"unwrap {one.label}"
        case _:
            raise TypeError(type(one).__name__)


def _needle(needle: Needle) -> str:
    return f"ip({quote(needle.text)})" if needle.is_ip else quote(needle.text)


def _listed(items: Iterable[str]) -> list[str]:
    text = ", ".join(items)
    return [text] if text else []


def _extraction(one: Extraction) -> str:
    return f"{one.label}={quote(one.path)}"


def _format(one: LabelFormat) -> str:
    return f"{one.label}={one.value if one.rename else quote(one.value)}"


def condition(one: LabelCondition) -> str:
    """A condition on labels."""
    match one:
        case TextFilter(matcher):
            return _matcher(matcher)
        case NumberFilter(label, op, value):
            return f"{label} {op} {_number(value)}"
        case DurationFilter(label, op, _, text) | BytesFilter(label, op, _, text):
            return f"{label} {op} {text}"
        case IpFilter(label, equal, pattern):
            return f"{label} {'=' if equal else '!='} ip({quote(pattern)})"
        case AndFilter(left, right):
            return f"({condition(left)} and {condition(right)})"
        case OrFilter(left, right):
            return f"({condition(left)} or {condition(right)})"


def _first_condition(one: LabelCondition) -> str:
    """`| json != "x"` is the stage and a line filter, so a label of such a name stands in parentheses."""
    text = condition(one)
    return f"({text})" if _LEADING.match(text) else text


def _matcher(matcher: Matcher) -> str:
    return str(matcher)
