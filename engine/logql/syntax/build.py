"""The actions of logql.lark: what each alternative makes of its values. Raises Fault where grammar alone can't tell.

An action gets the values of its alternative in order: tokens, nodes, lists. A fault at FREE has no place.
"""

from __future__ import annotations

from collections.abc import Callable
from types import MappingProxyType
from typing import Any, Final

from msgspec.structs import replace

from engine.foundation.regexes import RegexError
from engine.logql import units
from engine.logql.syntax import check
from engine.logql.syntax.ast import (
    AndFilter,
    BytesFilter,
    DecolorizeStage,
    DurationFilter,
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
from engine.logql.syntax.check import FREE
from promql.model.matchers import Matcher, MatchOp
from promql.syntax.ast import Cardinality, VectorMatching
from promql.syntax.faults import Fault
from promql.syntax.lexer import Token
from promql.syntax.strings import unquote

_OPS: Final = {"=": MatchOp.EQUAL, "!=": MatchOp.NOT_EQUAL, "=~": MatchOp.REGEX, "!~": MatchOp.NOT_REGEX}


def _text(token: Token) -> str:
    return unquote(token.text)


def _first(item: Any) -> list[Any]:
    return [item]


def _append(items: list[Any], _comma: Token, item: Any) -> list[Any]:
    """Grows the list in place: it is this parse's own."""
    items.append(item)
    return items


def _further(items: list[Any], item: Any) -> list[Any]:
    items.append(item)
    return items


def _inner(_opening: Token, value: Any, _closing: Token) -> Any:
    return value


# Streams and stages


def _matcher(name: Token, op: Token, value: Token) -> Matcher:
    try:
        return Matcher(name.text, _OPS[op.text], _text(value))
    except RegexError as error:
        raise Fault(FREE, str(error)) from None


def _log(matchers: list[Matcher], stages: list[Stage] | None = None) -> Log:
    return Log(tuple(matchers), tuple(stages or ()))


def _line_filter_or(found: LineFilter, _or: Token, needle: Needle) -> LineFilter:
    return replace(found, needles=(*found.needles, needle))


def _json(_pipe: Token, _json: Token, extractions: list[Extraction] | None = None) -> Stage:
    return JsonStage(tuple(extractions or ()))


def _logfmt(_pipe: Token, _logfmt: Token, extractions: list[Extraction] | None = None) -> Stage:
    return LogfmtStage(tuple(extractions or ()))


def _logfmt_flags(_pipe: Token, _word: Token, flags: list[Token], extractions: list[Extraction] | None = None) -> Stage:
    given = {flag.text for flag in flags}
    return LogfmtStage(tuple(extractions or ()), strict="--strict" in given, keep_empty="--keep-empty" in given)


def _label_format(_pipe: Token, _word: Token, formats: list[LabelFormat]) -> Stage:
    return LabelFormatStage(tuple(formats))


def _picked(_pipe: Token, word: Token, picks: list[str | Matcher]) -> Stage:
    return PickStage(word.text == "keep", tuple(picks))


def _unwrap_as(_pipe: Token, _unwrap: Token, conversion: Token, _open: Token, label: Token, _close: Token) -> Stage:
    return UnwrapStage(label.text, conversion.text)


# Conditions on labels


def _filter_comma(left: LabelCondition, _comma: Token, right: LabelCondition) -> LabelCondition:
    return AndFilter(left, right)


def _filter_ip(label: Token, op: Token, _ip: Token, _open: Token, pattern: Token, _close: Token) -> LabelCondition:
    return IpFilter(label.text, op.text == "=", _text(pattern))


def _compared(op: Token) -> str:
    return "==" if op.text == "=" else op.text


def _filter_duration(label: Token, op: Token, value: Token) -> LabelCondition:
    return DurationFilter(label.text, _compared(op), units.duration(value.text), value.text)


def _filter_bytes(label: Token, op: Token, value: Token) -> LabelCondition:
    return BytesFilter(label.text, _compared(op), units.size(value.text), value.text)


# Numbers


def _number(token: Token) -> float:
    return float(int(token.text, 16)) if token.text[:2] in ("0x", "0X") else float(token.text)


def _signed(sign: Token, number: Token) -> float:
    return -_number(number) if sign.kind == "SUB" else _number(number)


# Aggregations


def _log_range(log: Log, span: Token, offset: int = 0, stages: list[Stage] | None = None) -> tuple[Log, int, int]:
    if stages and log.stages:
        raise Fault(span.end, "syntax error: stages stand before the range, or behind it")
    length = units.duration(span.text[1:-1].strip())
    return replace(log, stages=(*log.stages, *(stages or ()))), length, offset


def _log_range_stages(log: Log, span: Token, stages: list[Stage]) -> tuple[Log, int, int]:
    return _log_range(log, span, 0, stages)


def _ranged(
    op: Token, given: tuple[Log, int, int], param: float | None = None, grouping: Grouping | None = None
) -> RangeAggregation:
    log, length, offset = given
    return check.range_aggregation(RangeAggregation(op.text, log, length, offset, param, grouping))


def _aggregated(
    op: Token, expr: Any, closing: Token, param: float | None = None, grouping: Grouping | None = None
) -> VectorAggregation:
    return check.vector_aggregation(VectorAggregation(op.text, check.metric(expr, closing), param, grouping))


def _replaced(_word: Token, _open: Token, expr: Any, *rest: Token) -> LabelReplace:
    target, replacement, source, pattern = (_text(token) for token in rest[1::2])
    return check.label_replace(LabelReplace(check.metric(expr, rest[0]), target, replacement, source, pattern))


# Operators


def _many(is_bool: bool, word: Token, labels: list[Token], group: Token, include: list[Token] | None = None) -> Any:
    _, matching = _matching(is_bool, word, labels)
    side = Cardinality.MANY_TO_ONE if group.text == "group_left" else Cardinality.ONE_TO_MANY
    return is_bool, replace(matching, cardinality=side, include=_names(include or []))


def _matching(is_bool: bool, word: Token, labels: list[Token]) -> tuple[bool, VectorMatching]:
    return is_bool, VectorMatching(labels=_names(labels), on=word.text == "on")


def _names(tokens: list[Token]) -> tuple[str, ...]:
    return tuple(token.text for token in tokens)


def _binary(left: Any, op: Token, modifiers: Any, right: Any) -> Any:
    is_bool, matching = modifiers if isinstance(modifiers, tuple) else (modifiers, VectorMatching())
    return check.binary(op.text, left, right, matching, bool_modifier=is_bool)


ACTIONS: Final = MappingProxyType[str, Callable[..., Any]](
    {
        "aggregated": lambda op, _open, expr, closing: _aggregated(op, expr, closing),
        "aggregated_by": lambda op, _open, expr, closing, by: _aggregated(op, expr, closing, None, by),
        "aggregated_by_first": lambda op, by, _open, expr, closing: _aggregated(op, expr, closing, None, by),
        "aggregated_by_with": lambda op, by, _open, k, _comma, expr, closing: _aggregated(op, expr, closing, k, by),
        "aggregated_with": lambda op, _open, k, _comma, expr, closing: _aggregated(op, expr, closing, k),
        "aggregated_with_by": lambda op, _open, k, _comma, expr, closing, by: _aggregated(op, expr, closing, k, by),
        "append": _append,
        "binary": _binary,
        "decolorize": lambda *_: DecolorizeStage(),
        "drop": _picked,
        "extraction": lambda label, _eq, path: Extraction(label.text, _text(path)),
        "extraction_same": lambda label: Extraction(label.text, label.text),
        "filter_and": lambda left, _and, right: AndFilter(left, right),
        "filter_blank": AndFilter,
        "filter_bytes": _filter_bytes,
        "filter_comma": _filter_comma,
        "filter_duration": _filter_duration,
        "filter_ip": _filter_ip,
        "filter_matcher": TextFilter,
        "filter_number": lambda label, op, value: NumberFilter(label.text, _compared(op), value),
        "filter_or": lambda left, _or, right: OrFilter(left, right),
        "first": _first,
        "further": _further,
        "grouping": lambda word, labels: Grouping(_names(labels), word.text == "without"),
        "inner": _inner,
        "json": _json,
        "keep": _picked,
        "label_filter": lambda _pipe, condition: LabelFilterStage(condition),
        "label_format": _label_format,
        "label_replace": _replaced,
        "labels": lambda _open, names, _close: names,
        "line_filter": lambda found: found,
        "line_filter_one": lambda op, needle: LineFilter(op.text, (needle,)),
        "line_filter_or": _line_filter_or,
        "line_format": lambda _pipe, _word, template: LineFormatStage(_text(template)),
        "literal": check.literal,
        "log": _log,
        "log_range": _log_range,
        "log_range_offset": _log_range,
        "log_range_offset_stages": _log_range,
        "log_range_stages": _log_range_stages,
        "logfmt": _logfmt,
        "logfmt_flags": _logfmt_flags,
        "many": _many,
        "many_including": _many,
        "matcher": _matcher,
        "matching": _matching,
        "needle": lambda text: Needle(_text(text)),
        "needle_ip": lambda _ip, _open, text, _close: Needle(_text(text), is_ip=True),
        "no_labels": lambda *_: [],
        "number": _number,
        "offset": lambda _word, length: units.duration(length.text),
        "offset_ahead": lambda _word, _minus, length: -units.duration(length.text),
        "paren": _inner,
        "pattern": lambda _pipe, _word, pattern: PatternStage(_text(pattern)),
        "pick": lambda name: name.text,
        "ranged": lambda op, _open, given, _close: _ranged(op, given),
        "ranged_by": lambda op, _open, given, _close, by: _ranged(op, given, None, by),
        "ranged_with": lambda op, _open, param, _comma, given, _close: _ranged(op, given, param),
        "ranged_with_by": lambda op, _open, param, _comma, given, _close, by: _ranged(op, given, param, by),
        "regexp": lambda _pipe, _word, pattern: RegexpStage(_text(pattern)),
        "rename": lambda label, _eq, source: LabelFormat(label.text, source.text, rename=True),
        "selector": lambda _open, matchers, _close: check.selector(matchers),
        "signed": _signed,
        "sorted": lambda op, _open, expr, closing: Sorted(check.metric(expr, closing), op.text == "sort_desc"),
        "template": lambda label, _eq, text: LabelFormat(label.text, _text(text), rename=False),
        "unpack": lambda *_: UnpackStage(),
        "unwrap": lambda _pipe, _word, label: UnwrapStage(label.text),
        "unwrap_as": _unwrap_as,
        "vector": lambda _word, _open, value, _close: Vector(value),
        "with_bool": lambda _word: True,
        "without_bool": lambda: False,
    }
)
