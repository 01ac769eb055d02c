"""The stages of a query, ready to run: filters for the text of blocks, then steps for each line that is left."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import takewhile
from typing import Final, TypeVar

from msgspec import Struct

from engine.foundation.regexes import RegexError
from engine.gotemplate.errors import TemplateError
from engine.logql.errors import ParseError
from engine.logql.pipeline import captures, conditions, formats, json_fields, json_paths, logfmt, picks, unpack
from engine.logql.pipeline.json_picked import Picked, suits
from engine.logql.pipeline.needs import implied, wanted_behind
from engine.logql.pipeline.row import Row, Step, Wanted
from engine.logql.pipeline.unwrap import value_of
from engine.logql.search.filters import Filter, Literal, Search, either
from engine.logql.search.text import Text
from engine.logql.syntax.ast import (
    DecolorizeStage,
    JsonStage,
    LabelFilterStage,
    LabelFormatStage,
    LineFilter,
    LineFormatStage,
    LogfmtStage,
    PatternStage,
    PickStage,
    RegexpStage,
    Stage,
    UnpackStage,
    UnwrapStage,
)
from engine.logql.syntax.printer import stage as printed
from promql.model.labels import Labels
from promql.model.types import IntArray

T = TypeVar("T")

_CHANGE_LINES: Final = (LineFormatStage, UnpackStage, DecolorizeStage)
_JUDGES: Final = (LineFilter, LabelFilterStage, UnwrapStage)
_ESCAPE: Final = b"\\u"


class Implied(Struct, frozen=True):
    """A line that comes through holds this, unless its stream (or the line itself) brings the label along."""

    label: str
    search: Search


class Program(Struct, frozen=True):
    """`filters` look at lines as they are stored; then `steps` at each line; `value` gives its value, which may bring
    an error, and `after` are the steps that see that. The `probe` tells whether a line comes through, and sets no more
    labels than that takes. `picked` are the readers among the steps that want to see a block first. Where it `judges`,
    all steps but the first look at labels alone.
    """

    filters: tuple[Filter, ...]
    implied: tuple[Implied, ...]
    steps: tuple[Step, ...]
    probe: Program | None
    value: Callable[[Row], float | None] | None
    after: tuple[Step, ...]
    picked: tuple[Picked, ...] = ()
    judges: bool = False

    @property
    def is_plain(self) -> bool:
        """Nothing but filters: labels and lines stay as they are stored."""
        return not self.steps and self.value is None

    def select(self, text: Text, index: IntArray, labels: Labels) -> IntArray:
        """The lines of an index that the filters keep, and that may come through the steps."""
        for one in self.filters:
            if not len(index):
                return index
            index = one.select(text, index)
        for needed in self.implied:
            if len(index) and needed.label not in labels and not text.block.metadata():
                index = needed.search.among(text, index)
        return index

    def row(self, text: Text) -> Row:
        """For the lines of a block."""
        clean = bool(self.picked) and all(one.is_clean(text.whole) for one in self.picked)
        return Row(text.block.labels.as_dict(), clean=clean)

    @property
    def reader(self) -> Picked | None:
        """The reader whose labels alone decide what becomes of a line, if there is one."""
        first = self.picked[0] if len(self.picked) == 1 and self.probe is None else None
        return first if first is not None and self.judges and self.steps[0] == first.run else None

    def narrowed(self, text: Text, index: IntArray, row: Row) -> IntArray:
        """Those lines of an index that the probe lets through, as far as it knows without looking at each; `row` is one
        for the lines of this block.
        """
        reader = None if self.probe is None else self.probe.reader
        if self.probe is None or reader is None or not row.clean or text.block.metadata():
            return index
        found, kept = reader.tally(text.lines(index))
        for values, places in found.items():
            row.begin(b"", 0)
            reader.put(row, values)
            if self.probe.judge(row) is not None:
                kept += places
        return index[sorted(kept)]

    def judge(self, row: Row) -> float | None:
        """The value of a row whose labels were set by `reader`, 1 where lines count; None where it does not stay."""
        if not all(step(row) for step in self.steps[1:]):
            return None
        return self.value_of(row, 1.0)

    def value_of(self, row: Row, plain: float) -> float | None:
        """The value of a row that came through the steps, `plain` where none is taken out of it; None where it has none
        or what follows lets it go.
        """
        if self.value is None:
            return plain
        value = self.value(row)
        return value if value is not None and all(step(row) for step in self.after) else None

    def passes(self, row: Row) -> bool:
        """Runs the steps over a row that has begun."""
        if self.probe is not None:
            line, time = row.line, row.time
            for step in self.probe.steps:
                if not step(row):
                    return False
            row.begin(line, time)
        for step in self.steps:  # noqa: SIM110 - `all` took as long again as the steps
            if not step(row):
                return False
        return True

    def keeps(self, line: bytes) -> bool:
        """Do the filters keep this line?"""
        return all(one.keeps(line) for one in self.filters)


def compiled(stages: Sequence[Stage], end: frozenset[str] | None, now: int) -> Program:
    """`end`: the labels of the result that matter, None for all. `now` in ns. Raises ParseError."""
    filters: list[Filter] = []
    steps: list[Step] = []
    after: list[Step] = []
    picked: list[Picked] = []
    value: Callable[[Row], float | None] | None = None
    stored = True
    for stage, names in zip(stages, wanted_behind(stages, end), strict=True):
        if isinstance(stage, UnwrapStage):
            value = value_of(stage)
        elif isinstance(stage, LineFilter) and stored:
            filters.append(_checked(stage, partial(Filter, stage)))
        else:
            stored = stored and not isinstance(stage, _CHANGE_LINES)
            wanted = Wanted(names)
            if isinstance(stage, JsonStage) and not stage.extractions and stored and suits(wanted):
                picked.append(Picked(wanted))
                steps.append(picked[-1].run)
            else:
                step = _checked(stage, partial(_step, stage, wanted, now))
                (steps if value is None else after).append(step)
    first = next((stage for stage in stages if isinstance(stage, JsonStage)), None)
    probe = _probe(stages, end, now)
    readers = (*picked, *(() if probe is None else probe.picked))
    return Program(
        tuple(filters),
        tuple(_implied(stages)),
        tuple(steps),
        probe,
        value,
        tuple(after),
        readers,
        judges=all(isinstance(stage, _JUDGES) for stage in stages if stage is not first),
    )


def is_searched(stage: Stage, stages: Sequence[Stage]) -> bool:
    """Is this line filter one for lines as they are stored?"""
    return stage in takewhile(lambda one: not isinstance(one, _CHANGE_LINES), stages)


def _probe(stages: Sequence[Stage], end: frozenset[str] | None, now: int) -> Program | None:
    """What tells whether a line comes through, where that takes much less than all its labels."""
    before_value = list(takewhile(lambda stage: not isinstance(stage, UnwrapStage), stages))
    last = max((at for at, stage in enumerate(before_value) if isinstance(stage, LabelFilterStage)), default=-1)
    judging = before_value[: last + 1]
    if end is not None or not any(isinstance(stage, JsonStage | LogfmtStage) for stage in judging):
        return None
    return None if None in wanted_behind(judging, frozenset()) else compiled(judging, frozenset(), now)


def _implied(stages: Sequence[Stage]) -> Iterator[Implied]:
    for label, value in implied(stages):
        yield Implied(label, either([Literal(value.encode()), Literal(_ESCAPE)]))


def _checked(stage: Stage, make: Callable[[], T]) -> T:
    """Raises ParseError in the name of a stage that can't be."""
    try:
        return make()
    except (RegexError, TemplateError, ValueError) as error:
        raise ParseError(f"stage '{printed(stage)}' : {error}") from None


def _all_fields(wanted: Wanted) -> Step:
    return (lambda _row: True) if wanted.nothing else json_fields.Fields(wanted).run


def _step(stage: Stage, wanted: Wanted, now: int) -> Step:
    """Raises ValueError, RegexError, TemplateError."""
    match stage:
        case JsonStage(extractions):
            return json_paths.picked_values(extractions, wanted) if extractions else _all_fields(wanted)
        case LogfmtStage():
            return logfmt.step_of(stage, wanted)
        case RegexpStage(pattern):
            return captures.regexp_step(pattern, wanted)
        case PatternStage(pattern):
            return captures.pattern_step(pattern, wanted)
        case UnpackStage():
            return unpack.step_of(wanted)
        case DecolorizeStage():
            return picks.decolorize_step()
        case LineFormatStage(template):
            return formats.line_step(template, now)
        case LabelFormatStage(all_):
            return formats.label_step(all_, now)
        case PickStage(keep, names):
            return picks.keep_step(names) if keep else picks.drop_step(names)
        case LabelFilterStage(condition):
            return conditions.step_of(condition)
        case LineFilter():
            found = Filter(stage)
            return lambda row: found.keeps(row.line)
        case UnwrapStage():
            raise TypeError(type(stage).__name__)
