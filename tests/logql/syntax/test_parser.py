"""Texts to trees, and the words for what is none."""

from __future__ import annotations

import pytest

from engine.logql.errors import ParseError
from engine.logql.syntax.ast import (
    AndFilter,
    Grouping,
    LabelFilterStage,
    LineFilter,
    Log,
    Needle,
    OrFilter,
    RangeAggregation,
    TextFilter,
)
from engine.logql.syntax.parser import parse, parse_log, parse_matchers
from engine.logql.syntax.printer import printed
from promql.model.matchers import Matcher, MatchOp


def _is(name: str) -> TextFilter:
    return TextFilter(Matcher(name, MatchOp.EQUAL, "1"))


def _condition(text: str) -> object:
    (stage,) = parse_log(f'{{x="y"}} | {text}').stages
    assert isinstance(stage, LabelFilterStage)
    return stage.condition


def test_and_binds_tighter_than_or() -> None:
    assert _condition('a="1" or b="1" and c="1"') == OrFilter(_is("a"), AndFilter(_is("b"), _is("c")))
    assert _condition('a="1" and b="1" or c="1"') == OrFilter(AndFilter(_is("a"), _is("b")), _is("c"))


def test_behind_a_comma_or_a_blank_all_belongs_to_the_right_side() -> None:
    assert _condition('a="1", b="1" or c="1"') == AndFilter(_is("a"), OrFilter(_is("b"), _is("c")))
    assert _condition('a="1" b="1" or c="1"') == AndFilter(_is("a"), OrFilter(_is("b"), _is("c")))
    assert _condition('(a="1", b="1") or c="1"') == OrFilter(AndFilter(_is("a"), _is("b")), _is("c"))


def test_stages_may_stand_behind_the_range() -> None:
    before = parse('sum_over_time({a="b"} | json | unwrap x [5m])')
    assert parse('sum_over_time({a="b"}[5m] | json | unwrap x)') == before
    assert parse('sum_over_time(({a="b"} | json | unwrap x)[5m])') == before


def test_line_filters_have_alternatives() -> None:
    log = parse_log('{a="b"} |= "x" or `y` or ip("10.0.0.0/8")')
    assert log.stages == (LineFilter("|=", (Needle("x"), Needle("y"), Needle("10.0.0.0/8", is_ip=True))),)


def test_a_bare_stage_before_an_inequality_is_the_stage() -> None:
    log = parse_log('{a="b"} | json != "x"')
    assert printed(log) == '{a="b"} | json != "x"'
    assert len(log.stages) == 2


def test_words_of_the_language_may_be_labels() -> None:
    assert printed(parse('{json="x", by="y"} | drop="" | rate > 5')) == '{json="x", by="y"} | drop="" | rate > 5'


def test_grouping_stands_before_or_behind() -> None:
    assert parse('sum by (x) (rate({a="b"}[1m]))') == parse('sum(rate({a="b"}[1m])) by (x)')
    found = parse('max_over_time({a="b"} | unwrap x [1m]) without (y)')
    assert isinstance(found, RangeAggregation)
    assert found.grouping == Grouping(("y",), without=True)


def test_constants_are_worked_out_at_once() -> None:
    assert printed(parse("1 + 2 * 3 ^ 2")) == "19"
    assert printed(parse("2 > bool 1")) == "1"
    assert printed(parse("1 / 0")) == "(0 / 0)"


def test_comments_end_with_the_line() -> None:
    assert parse('{a="b"} # here\n |= "x" # there') == parse('{a="b"} |= "x"')


def test_a_selector_alone() -> None:
    assert parse_matchers('{a="b", c=~"d"}') == (
        Matcher("a", MatchOp.EQUAL, "b"),
        Matcher("c", MatchOp.REGEX, "d"),
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "at line 1, col 2: syntax error: unexpected $end, expecting IDENTIFIER"),
        ('{a="b"', "at line 1, col 7: syntax error: unexpected $end, expecting } or ,"),
        ('{a="b"}\n  |= json', "at line 2, col 6: syntax error: unexpected IDENTIFIER, expecting STRING or ip"),
        ('sum({a="b"})', "at line 1, col 12: syntax error: unexpected )"),
        ('{a="b"} or {c="d"}', " : unexpected type for left leg of binary operation (or): lines of logs"),
        ('rate({a="b"}[5x])', 'at line 1, col 13: not a valid duration string: "5x"'),
        ('rate({a="b"}[5m)', "at line 1, col 13: missing closing ']' in duration"),
        ('{a="b"} |= "x', "at line 1, col 12: literal not terminated"),
        ('topk(rate({a="b"}[1m]))', " : parameter required for operation topk"),
        ('topk(0, rate({a="b"}[1m]))', " : invalid parameter (must be greater than 0) topk(0"),
        ('sum(2, rate({a="b"}[1m]))', " : unsupported parameter for operation sum(2,"),
        ('quantile_over_time({a="b"} | unwrap x [1m])', " : parameter required for operation quantile_over_time"),
        ('{a="b"} | unwrap x', " : syntax error: unexpected unwrap, outside of a range aggregation"),
        ('rate({a="b"} | unwrap x | json [1m])', " : syntax error: only label filters may follow unwrap"),
        ('count_over_time({a="b"} | unwrap x [1m])', " : invalid aggregation count_over_time with unwrap"),
        (
            '1 and rate({a="b"}[1m])',
            " : unexpected literal for left side of logical/set binary operation (and): 1.000000",
        ),
        ('{a!="b"}', " : queries require at least one regexp or equality matcher"),
        (
            'rate({a="b"} | json [1m] | logfmt)',
            "at line 1, col 25: syntax error: stages stand before the range, or behind it",
        ),
    ],
)
def test_errors_are_told_as_loki_tells_them(text: str, message: str) -> None:
    with pytest.raises(ParseError) as caught:
        parse(text)
    assert str(caught.value).startswith(
        f"parse error {message.strip()}" if message[0] != " " else f"parse error {message[1:]}"
    )


def test_lines_are_not_a_metric_and_the_other_way_round() -> None:
    assert isinstance(parse('({a="b"})'), Log)
    with pytest.raises(ParseError, match="only log selector is supported"):
        parse_log('rate({a="b"}[1m])')


def test_a_query_may_not_be_endless() -> None:
    with pytest.raises(ParseError, match="input size too long"):
        parse('{a="' + "x" * 200_000 + '"}')
