"""What is skipped when nobody reads it, or found before it is parsed, changes no answer."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from engine.logql.errors import PipelineError
from engine.logql.execute.context import Context
from engine.logql.execute.lines import Span, entries
from engine.logql.execute.metrics import instant
from engine.logql.lines import StreamLines
from engine.logql.pipeline import json_fields, json_scan
from engine.logql.pipeline.json_picked import Picked, suits
from engine.logql.pipeline.program import compiled
from engine.logql.pipeline.row import ALL, Row, Wanted, sanitized
from engine.logql.search.text import Text
from engine.logql.syntax.ast import LabelFilterStage, Stage, TextFilter, VectorAggregation
from engine.logql.syntax.parser import parse, parse_log
from promql.model.labels import Labels
from promql.model.matchers import Matcher, MatchOp
from tests.logql.memory_source import MemoryBlock, MemorySource

_KEYS = st.sampled_from(
    ["a", "b", "a_b", "a-b", "level", " level", "1x", "é", "", "x.y", "a b", "level\u2003", "a\tb", "aéb", "b\\", 'a"b']
)
_TEXTS = st.text(st.sampled_from(list('aE1"\\/\n\u00e9\u20ac\ufffd<&\t ')), max_size=6)
_SCALARS = st.one_of(st.none(), st.booleans(), st.integers(-5, 10**20), st.floats(allow_nan=False), _TEXTS)
_VALUES: st.SearchStrategy[Any] = st.recursive(
    _SCALARS, lambda inner: st.lists(inner, max_size=2) | st.dictionaries(_KEYS, inner, max_size=3), max_leaves=6
)
_OBJECTS = st.dictionaries(_KEYS, _VALUES, max_size=4)
_BROKEN = st.sampled_from(["{", '{"a"', '{"a":1', '{"a":"x', '{"a":1}}', '{"a":01}', '{"a":tru}', "[1]", "x", "", '{"a":1,}',
                           '{"a":"\\ud800"}', '{"a":{"b":1,"c":[1,{"d":', '{"a":1} trailing', '{"a":"\x01"}', '{"a" 1}', "{1:2}"])  # fmt: skip
_LINES = st.one_of(
    _OBJECTS.map(json.dumps),
    _OBJECTS.map(lambda found: json.dumps(found, ensure_ascii=False)),
    _BROKEN,
    st.builds(lambda text, at: json.dumps(text)[:at], _OBJECTS, st.integers(0, 40)),
)


def _row(line: bytes, base: dict[str, str] | None = None) -> Row:
    row = Row(base or {})
    row.begin(line, 0)
    return row


def _scanned(line: bytes) -> tuple[dict[str, str], str]:
    """The slow twin: all by the reader for broken lines."""
    row = _row(line)

    def take(path: tuple[str, ...], value: str, _quoted: bool) -> None:
        label = "_".join((sanitized(path[0]), *(sanitized(key, first=False) for key in path[1:])))
        if sanitized(path[0]):
            row.put(label, value)

    try:
        json_scan.Scanner(line, take).run()
    except json_scan.BrokenError as error:
        return row.labels, str(error)
    return row.labels, ""


@given(_LINES)
def test_both_readers_of_json_find_the_same(line: str) -> None:
    row = _row(line.encode())
    json_fields.Fields(ALL).run(row)
    labels, error = _scanned(line.encode())
    assert (row.labels, row.details) == (labels, error)


@given(
    _LINES, st.frozensets(st.sampled_from(["a", "b", "a_b", "a_level", "level", "a_extracted"]), min_size=1, max_size=2)
)
def test_only_the_wanted_labels_are_read(line: str, names: frozenset[str]) -> None:
    base = {"a": "stream"}
    everything, some = _row(line.encode(), base), _row(line.encode(), base)
    json_fields.Fields(ALL).run(everything)
    json_fields.Fields(Wanted(names)).run(some)
    _agree(some, everything, names)
    if suits(Wanted(names)):
        picked, third = Picked(Wanted(names)), _row(line.encode(), base)
        third.clean = picked.is_clean(line.encode())
        picked.run(third)
        _agree(third, everything, names)


def _agree(some: Row, everything: Row, names: frozenset[str]) -> None:
    assert {name: some.labels.get(name) for name in names} == {name: everything.labels.get(name) for name in names}
    assert (some.error, some.details) == (everything.error, everything.details)


_VALUES_ASKED = st.sampled_from(["E", "a", "1", "true", "E1", "aE", "1.0", "a b"])
_LOGFMT = st.lists(
    st.builds(lambda k, v: f"{k}={v}", st.sampled_from(["level", "a", "b"]), st.sampled_from(["E", '"E"', '"\\u0045"', "a", '"a b"', "", '"x\\"E"'])),
    max_size=4,
).map(" ".join)  # fmt: skip
_PACKED = st.builds(
    lambda entry, level: json.dumps({"_entry": entry, "level": level}),
    st.one_of(_LOGFMT, _OBJECTS.map(json.dumps)),
    _TEXTS,
)
_ESCAPED = st.sampled_from(
    ['{"level":"\\u0045"}', '{"level":"\\u0061\\u0045"}', '{"\\u006cevel":"E"}', '{"level":1.0}']
)
_PARSERS = st.sampled_from(["| json", "| logfmt", "| json | logfmt", "| unpack | json", "| unpack | logfmt",
                            '| json level="a.b", b="a"', "| pattern `<level> <_>`", "| regexp `(?P<level>[a-zE1]+)`"])  # fmt: skip


@given(
    lines=st.lists(st.one_of(_LINES, _LOGFMT, _PACKED, _ESCAPED, _TEXTS), min_size=1, max_size=12),
    parsers=_PARSERS,
    value=_VALUES_ASKED,
    labels=st.sampled_from([{}, {"level": "E"}, {"job": "x"}]),
)
def test_looking_for_a_value_before_parsing_loses_no_line(
    lines: list[str], parsers: str, value: str, labels: dict[str, str]
) -> None:
    stages = parse_log(f'{{x="y"}} {parsers}').stages
    asked: tuple[Stage, ...] = (*stages, LabelFilterStage(TextFilter(Matcher("level", MatchOp.EQUAL, value))))
    block = MemoryBlock(Labels.of(labels), [line.encode() for line in lines], list(range(len(lines))))
    program, row = compiled(asked, None, 0), Row(labels)
    assert program.implied

    def passes(at: int) -> bool:
        row.begin(lines[at].encode(), 0)
        return program.passes(row)

    every = np.arange(len(lines))
    kept = program.select(Text(block), every, block.labels).tolist()
    assert [at for at in kept if passes(at)] == [at for at in every.tolist() if passes(at)]


_COUNTED = st.sampled_from(["count_over_time", "bytes_over_time"])
_NAMES = st.lists(
    st.sampled_from(["a", "level", "a_b", "a_extracted", "job", "nosuch"]), min_size=1, max_size=3, unique=True
)


_BEHIND = st.sampled_from(
    ["", '| a="E"', '| level=~"E.*" or a!="1"', "| level >= 1", '| a > 1 | __error__=""', '|= "E" | nosuch=""',
     '| json b="level"', "| json | level != 1", "| unwrap a", '| unwrap level | __error__="" | a="1"', "| a_b = 1.0 | unwrap a"]
)  # fmt: skip


@given(lines=st.lists(_OBJECTS.map(json.dumps), min_size=1, max_size=8), op=_COUNTED, names=_NAMES, behind=_BEHIND)
def test_lines_are_counted_by_their_fields_as_if_all_were_read(
    lines: list[str], op: str, names: list[str], behind: str
) -> None:
    labels = Labels.of(job="x", a="stream")
    source = MemorySource(
        [StreamLines(labels, list(range(1, len(lines) + 1)), [line.encode() for line in lines])], block=3
    )
    context, by = Context(source, 0, lambda: None), ", ".join(names)

    def counted(stages: str) -> dict[Labels, float] | type[PipelineError]:
        found_op = "sum_over_time" if "unwrap" in behind else op
        expr = parse(f'sum by ({by}) ({found_op}({{job="x"}} {stages} {behind} [1s]))')
        assert isinstance(expr, VectorAggregation)
        try:
            found = instant(context, expr, 1000)
        except PipelineError:
            return PipelineError
        assert not isinstance(found, float)
        return dict(zip(found.labels, found.values.tolist(), strict=True))

    assert counted("| json") == counted('| json | label_format nothing="{{ if false }}{{ . }}{{ end }}"')


@given(
    lines=st.lists(st.one_of(_OBJECTS.map(json.dumps), _ESCAPED), min_size=1, max_size=8),
    behind=_BEHIND.filter(lambda text: "unwrap" not in text),
)
def test_lines_that_conditions_let_through_are_those_of_looking_at_each(lines: list[str], behind: str) -> None:
    labels = Labels.of(job="x", a="stream")
    stored = [line.encode() for line in lines]
    source = MemorySource([StreamLines(labels, list(range(len(lines))), stored)], block=3)
    log = parse_log(f'{{job="x"}} | json {behind}')
    program, row = compiled(log.stages, None, 0), Row(labels.as_dict())
    wanted = []
    for time, line in enumerate(stored):
        row.begin(line, time)
        if program.keeps(line) and program.passes(row):
            wanted.append((time, row.text(), row.all_labels()))
    found = entries(Context(source, 0, lambda: None), log, Span(0, len(lines), len(lines), backward=False))
    assert [(one.time, one.line, one.labels.as_dict()) for one in found] == wanted
