"""Which labels somebody reads later, going backward through the stages; and what lines must hold to come through.

A parser sets only what is wanted behind it. An equality behind parsers says what a line must hold before it is parsed:
parsers take values out of the line as they stand there, but for escapes. So a value of harmless characters stands in
the line, or the line holds the beginning of an escape by number.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from engine.logql.pipeline import conditions, formats
from engine.logql.syntax.ast import (
    AndFilter,
    JsonStage,
    LabelCondition,
    LabelFilterStage,
    LabelFormatStage,
    LineFilter,
    LineFormatStage,
    LogfmtStage,
    PatternStage,
    PickStage,
    RegexpStage,
    Stage,
    TextFilter,
    UnpackStage,
    UnwrapStage,
)
from promql.model.matchers import MatchOp

_PARSERS: Final = (JsonStage, LogfmtStage, RegexpStage, PatternStage, UnpackStage)
_HARMLESS: Final = re.compile(r"[A-Za-z0-9 _.:;,=+@%#~!?()\[\]{}*^$|-]+")  # noqa: TID251 - ours, linear
"""What neither JSON nor logfmt can write with a backslash and a letter: no quotes, backslashes, slashes, controls."""


def wanted_behind(stages: Sequence[Stage], end: frozenset[str] | None) -> list[frozenset[str] | None]:
    """Of each stage, the labels that are read behind it, where `end` are those of the result; None for all."""
    wanted: list[frozenset[str] | None] = []
    now = end
    for stage in reversed(stages):
        wanted.append(now)
        reads = _reads(stage)
        now = None if now is None or reads is None else now | reads
    return wanted[::-1]


def _reads(stage: Stage) -> set[str] | None:
    match stage:
        case LabelFilterStage(condition):
            return conditions.labels_of(condition)
        case LineFormatStage(template):
            return formats.labels_of(template)
        case LabelFormatStage(all_):
            found = [{one.value} if one.rename else formats.labels_of(one.value) for one in all_]
            return None if None in found else set().union(*(one for one in found if one is not None))
        case PickStage(_, picks):
            return {pick.name for pick in picks if not isinstance(pick, str)}
        case UnwrapStage(label, _):
            return {label}
        case _:
            return set()


def implied(stages: Sequence[Stage]) -> Iterator[tuple[str, str]]:
    """Labels and values that a line must come to, each of which must stand in the line as it was before any stage."""
    parsed = False
    for stage in stages:
        if isinstance(stage, _PARSERS):
            parsed = True
        elif isinstance(stage, LabelFilterStage):
            if parsed:
                yield from _equalities(stage.condition)
        elif not isinstance(stage, LineFilter):
            return


def _equalities(condition: LabelCondition) -> Iterator[tuple[str, str]]:
    match condition:
        case AndFilter(left, right):
            yield from _equalities(left)
            yield from _equalities(right)
        case TextFilter(matcher):
            plain = matcher.op is MatchOp.EQUAL and not matcher.name.startswith("__")
            if plain and _HARMLESS.fullmatch(matcher.value):
                yield matcher.name, matcher.value
        case _:
            pass
