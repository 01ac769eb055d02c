"""How a query will be answered: what is searched in the text of blocks, what is parsed of each line that is left."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from engine.logql.execute.metrics import pushed
from engine.logql.pipeline.needs import implied, wanted_behind
from engine.logql.pipeline.program import compiled, is_searched
from engine.logql.search.patterns import look
from engine.logql.syntax.ast import (
    Expr,
    Grouping,
    JsonStage,
    LineFilter,
    Log,
    LogfmtStage,
    PatternStage,
    RangeAggregation,
    RegexpStage,
    Stage,
    UnpackStage,
    VectorAggregation,
    inner,
)
from engine.logql.syntax.printer import duration, printed, stage

_PARSERS = (JsonStage, LogfmtStage, PatternStage, RegexpStage, UnpackStage)


def explained(expr: Expr) -> list[str]:
    """A line for each thing that is done, inner ones indented. Raises ParseError."""
    return list(_lines(expr, 0, None))


def _lines(expr: Expr, depth: int, around: Grouping | None) -> Iterator[str]:
    pad = "  " * depth
    match expr:
        case Log():
            yield from (pad + line for line in _log(expr, None))
        case RangeAggregation():
            grouping = expr.grouping or around
            summed = f", summed {_by(around)} while lines are read" if around is not None else ""
            yield f"{pad}{expr.op} over windows of {duration(expr.range)}{summed}"
            end = None if grouping is None or grouping.without else frozenset(grouping.labels)
            yield from (f"{pad}  {line}" for line in _log(expr.log, end))
        case VectorAggregation() if (grouping := pushed(expr)) is not None:
            yield from _lines(expr.expr, depth, grouping)
        case _:
            yield f"{pad}{printed(expr) if not inner(expr) else type(expr).__name__.lower()}"
            for one in inner(expr):
                yield from _lines(one, depth + 1, None)


def _by(grouping: Grouping) -> str:
    if not grouping.labels:
        return "to one series"
    return f"{'without' if grouping.without else 'by'} {', '.join(grouping.labels)}"


def _log(log: Log, end: frozenset[str] | None) -> Iterator[str]:
    compiled(log.stages, end, 0)
    yield f"blocks of {{{', '.join(map(str, log.matchers))}}}"
    for label, value in implied(log.stages):
        yield f"search the text for {value!r} (or an escape), which {label} must come to"
    for one, wanted in zip(log.stages, wanted_behind(log.stages, end), strict=True):
        yield _told(one, wanted, searched=is_searched(one, log.stages))


def _told(one: Stage, wanted: frozenset[str] | None, *, searched: bool) -> str:
    if isinstance(one, LineFilter) and searched:
        return f"search the text: {stage(one)}{_how(one)}"
    if isinstance(one, _PARSERS) and wanted is not None:
        return f"each line: {stage(one)}, of which {_listed(sorted(wanted))}"
    return f"each line: {stage(one)}"


def _how(one: LineFilter) -> str:
    if one.op[1] != "~":
        return ""
    found = [look(needle.text) for needle in one.needles if not needle.is_ip]
    if all(one.literals for one in found):
        return " (a literal)"
    if all(one.within for one in found):
        return ""
    return " (line by line: the pattern may reach over the end of a line)"


def _listed(names: Sequence[str]) -> str:
    return f"{', '.join(names)} is read" if names else "nothing is read"
