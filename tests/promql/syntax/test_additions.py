"""What Prometheus 3 reads beyond 2.42; and that nothing else has changed for it."""

from __future__ import annotations

import pytest
from hypothesis import given

from promql.errors import ParseError
from promql.functions.signatures import ADDED
from promql.model.matchers import Matcher, MatchOp
from promql.syntax.machine import plain, wide
from promql.syntax.parser import parse, parse_selector, tree
from promql.syntax.printer import print_expr
from tests.promql.syntax.strategies import EXPRESSIONS
from tests.promql.syntax.tables import WIDER


@given(EXPRESSIONS)
def test_whatever_2_42_reads_the_wider_grammar_reads_alike(text: str) -> None:
    assert tree(text, wide()) == tree(text, plain())


@pytest.mark.parametrize(
    ("text", "printed"),
    [
        *WIDER.items(),
        ("-5m", "-5m"),
        ("x > 1h30m", "x > 1h30m"),
        ("1_000_000.5e1_0", "1.0000005e+16"),
        ("0x1_F", "31"),
        ("up[0x10]", "up[16s]"),
        ("up[1_000:1.5]", "up[16m40s:1s500ms]"),
        ("up[0.0001]", "up[1ms]"),
        ("up @ -5m", "up @ -300.000"),
        ('{"my.metric", "a.b"="c", d!~"e"}', '{"a.b"="c",__name__="my.metric",d!~"e"}'),
        ('sum by ("a.b", c) (x)', 'sum by ("a.b", c) (x)'),
        ('a / on ("x.y") group_left ("z w") b', 'a / on ("x.y") group_left ("z w") b'),
        ('sum without ("é") ({"é"})', 'sum without ("é") ({__name__="é"})'),
        ("limitk(2, x)", "limitk(2, x)"),
        ("limit_ratio by (a) (-0.5, x)", "limit_ratio by (a) (-0.5, x)"),
        ("LIMITK(2, limitk)", "limitk(2, limitk)"),
        ("info(x, {})", "info(x, {})"),
        ('info(x, {__name__=~".+_info", a=~".*"})', 'info(x, {__name__=~".+_info",a=~".*"})'),
        ('sort_by_label(x, "a", "b")', 'sort_by_label(x, "a", "b")'),
        ("double_exponential_smoothing(x[5m], 0.5, 0.5)", "double_exponential_smoothing(x[5m], 0.5, 0.5)"),
    ],
)
def test_additions_are_read_and_printed(text: str, printed: str) -> None:
    assert print_expr(parse(text)) == printed


def test_a_selector_may_have_names_in_quotes() -> None:
    name, matcher = parse_selector('{"my.metric", "a.b"=~"c+"}')
    assert name == Matcher("__name__", MatchOp.EQUAL, "my.metric")
    assert matcher == Matcher("a.b", MatchOp.REGEX, "c+")


def test_names_of_new_aggregations_are_names_of_metrics_still() -> None:
    for text in ("limitk", "limit_ratio", "sum(limitk)", "limitk{a='b'}"):
        assert parse(text) == tree(text, plain())


@pytest.mark.parametrize(
    ("text", "error"),
    [
        (
            "mad_over_time(x)",
            '1:15: parse error: expected type range vector in call to function "mad_over_time", got instant vector',
        ),
        ("info(x, y)", "1:9: parse error: expected label selectors only, got vector selector instead"),
        ("info(x, sum({a='b'}))", "1:9: parse error: expected label selectors only"),
        ("info(x, 5)", "1:9: parse error: expected label selectors only"),
        ("first_over_time()", '1:1: parse error: expected 1 argument(s) in call to "first_over_time", got 0'),
        ("foo(5m)", '1:5: parse error: unexpected duration "5m"'),
        ("up[0]", "1:4: parse error: missing unit character in duration"),
        ("up[5 m]", "1:4: parse error: missing unit character in duration"),
        ("1__0", '1:1: parse error: bad number or duration syntax: "1"'),
        ('up{"a"}', '1:4: parse error: unexpected string "\\"a\\"" in label matching, expected identifier or "}"'),
    ],
)
def test_what_both_refuse_is_refused_in_the_words_of_2_42_unless_it_calls_what_that_did_not_know(
    text: str, error: str
) -> None:
    with pytest.raises(ParseError) as caught:
        parse(text)
    assert str(caught.value) == error


def test_added_functions_are_listed_in_order() -> None:
    assert list(ADDED) == sorted(ADDED)
