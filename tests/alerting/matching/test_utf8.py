from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.alerting.matching import classic
from engine.alerting.matching.text import MatcherError, format_matcher, format_matchers
from engine.alerting.matching.utf8 import parse_matcher, parse_matchers
from engine.foundation.regexes import RegexError
from promql.model.matchers import Matcher, MatchOp

NAMES = st.text(min_size=1, max_size=8)
OPERATORS = st.sampled_from(MatchOp)
WRITTEN = st.text(st.sampled_from("ab-é{}!=~,\\\"'` n"), max_size=12)


@pytest.mark.parametrize(
    ("text", "printed"),
    [
        ("", "{}"),
        ("{}", "{}"),
        (" { } ", "{}"),
        ("foo=bar", '{foo="bar"}'),
        ("{foo=bar}", '{foo="bar"}'),
        ("{foo=bar,}", '{foo="bar"}'),
        ("foo=bar,", '{foo="bar"}'),
        ('{foo = "bar" , b-a.r!~ö }', '{foo="bar",b-a.r!~"ö"}'),
        ('{"foo"=~"[a-z]+"}', '{foo=~"[a-z]+"}'),
        ('{"foo bar"!="ba\\nz"}', '{"foo bar"!="ba\\nz"}'),
        (r'"a\"b"="c\td\u00e9"', '{"a\\"b"="c\\tdé"}'),
        ('a=""', '{a=""}'),
        ("🙂=🙃", '{🙂="🙃"}'),
        ('a="{b,c}"', '{a="{b,c}"}'),
        ("1a=2", '{1a="2"}'),
        ("a=b\u2003,\u00a0c=d", '{a="b",c="d"}'),
    ],
)
def test_lists_of_matchers_are_read(text: str, printed: str) -> None:
    assert format_matchers(parse_matchers(text)) == printed


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "0:1: end of input: expected close brace"),
        ("}", "0:1: }: expected opening brace"),
        ("{foo=bar", "0:8: end of input: expected close brace"),
        ("foo=bar}", "0:8: }: expected opening brace"),
        ("{foo=bar}}", "9:10: }: expected end of input"),
        ("{foo=bar}x", "9:10: x: expected end of input"),
        ("{foo=bar}~", "9:10: ~: invalid input: expected end of input"),
        (",", "0:1: unexpected ,: expected label name"),
        ("{,}", "1:2: unexpected ,: expected label name"),
        ("=bar", "0:1: unexpected =: expected label name"),
        ("~", "0:1: ~: invalid input"),
        ("{~", "1:2: ~: invalid input"),
        ("foo", "end of input: expected an operator such as '=', '!=', '=~' or '!~'"),
        ("foo bar", "4:7: unexpected bar: expected an operator such as '=', '!=', '=~' or '!~'"),
        (
            "foo!",
            "3:4: unexpected end of input, expected one of '=~': expected an operator such as '=', '!=', '=~' or '!~'",
        ),
        ("foo!x", "3:4: !: expected one of '=~': expected an operator such as '=', '!=', '=~' or '!~'"),
        ("foo=", "end of input: expected label value"),
        ("foo==bar", "4:5: unexpected =: expected label value"),
        ("foo='bar'", "4:5: ': invalid input: expected label value"),
        ('foo="bar', '4:8: "bar: missing end ": expected label value'),
        ('foo="bar\\"', '4:10: "bar\\": missing end ": expected label value'),
        ("foo=bar baz=x", "8:11: unexpected baz: expected a comma or close brace"),
        ("foo=bar,,", "8:9: unexpected ,: expected a matcher or close brace after comma"),
        ("foo=bar,~", "8:9: ~: invalid input: expected a matcher or close brace after comma"),
        (r'foo="\d"', r'4:8: "\d": invalid input'),
        (r'foo="\xff"', r'4:10: "\xff": invalid input'),
        ('foo="a\nb"', '4:9: "a\nb": invalid input'),
        ('"\\\'"=a', '0:4: "\\\'": invalid input'),
        ("é=~(", "failed to create matcher: error parsing regexp: missing closing ): `^(?:()$`"),
        ("é=b c=d", "4:5: unexpected c: expected a comma or close brace"),
    ],
)
def test_what_is_refused_is_so_in_alertmanagers_words(text: str, message: str) -> None:
    with pytest.raises(MatcherError) as caught:
        parse_matchers(text)
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "no matchers"),
        ("{a=b}", "unexpected open or close brace: {a=b}"),
        ("a=b}", "unexpected open or close brace: a=b}"),
        ("a=b,c=d", "expected 1 matcher, found 2"),
    ],
)
def test_where_one_is_wanted_others_are_refused(text: str, message: str) -> None:
    with pytest.raises(MatcherError) as caught:
        parse_matcher(text)
    assert str(caught.value) == message


@given(name=NAMES, op=st.sampled_from([MatchOp.EQUAL, MatchOp.NOT_EQUAL]), value=st.text(max_size=12))
def test_what_is_printed_reads_back(name: str, op: MatchOp, value: str) -> None:
    matcher = Matcher(name, op, value)
    assert parse_matchers(format_matcher(matcher)) == [matcher]


@given(st.lists(st.builds(Matcher, NAMES, st.just(MatchOp.EQUAL), st.text(max_size=5)), max_size=4))
def test_lists_that_are_printed_read_back(matchers: list[Matcher]) -> None:
    assert parse_matchers(format_matchers(matchers)) == matchers


@given(st.text(st.characters(exclude_categories=()), max_size=30) | WRITTEN)
def test_any_text_is_matchers_or_a_mistake(text: str) -> None:
    try:
        found = parse_matchers(text)
    except MatcherError:
        return
    assert parse_matchers(format_matchers([one for one in found if one.name])) == [one for one in found if one.name]


@given(
    st.builds("{}{}{}".format, st.sampled_from(["a", "b_c", " d "]), st.sampled_from(["=", "!=", "=~", "!~"]), WRITTEN)
)
def test_where_both_grammars_read_a_text_they_differ_only_in_escapes(text: str) -> None:
    try:
        old, new = classic.parse_matchers(text), parse_matchers(text)
    except (MatcherError, RegexError):
        return
    assert old == new or "\\" in text
