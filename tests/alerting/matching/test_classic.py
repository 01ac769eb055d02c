from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.alerting.matching.classic import parse_matcher, parse_matchers
from engine.alerting.matching.text import MatcherError, format_matcher, format_matchers
from engine.foundation.regexes import RegexError
from promql.model.matchers import Matcher, MatchOp

READ = [
    ("a=b", "a", "=", "b"),
    ("a!=b", "a", "!=", "b"),
    ("a=~b.*", "a", "=~", "b.*"),
    ("a!~b", "a", "!~", "b"),
    ('a="b"', "a", "=", "b"),
    (" a  =  b c  ", "a", "=", "b c"),
    ("a==b", "a", "=", "=b"),
    ("a=", "a", "=", ""),
    ('a=""', "a", "=", ""),
    ("_x:y=1", "_x:y", "=", "1"),
    ("a='b'", "a", "=", "'b'"),
    (r'a="x\n\"\\y"', "a", "=", 'x\n"\\y'),
    (r"a=x\d", "a", "=", r"x\d"),
    ("a=b\\", "a", "=", "b\\"),
    ("a=b\nc", "a", "=", "b\nc"),
]
REFUSED = [
    ("", "bad matcher format: "),
    ("a", "bad matcher format: a"),
    ("=b", "bad matcher format: =b"),
    ("1a=b", "bad matcher format: 1a=b"),
    ("a-b=c", "bad matcher format: a-b=c"),
    ('a="b', 'matcher value contains unescaped double quote: "b'),
    ('a=b"', 'matcher value contains unescaped double quote: b"'),
    ('a="b"c"', 'matcher value contains unescaped double quote: "b"c"'),
]


@pytest.mark.parametrize(("text", "name", "op", "value"), READ)
def test_a_matcher_is_read(text: str, name: str, op: str, value: str) -> None:
    assert parse_matcher(text) == Matcher(name, MatchOp(op), value)


@pytest.mark.parametrize(("text", "message"), REFUSED)
def test_a_text_that_is_no_matcher_is_refused_in_alertmanagers_words(text: str, message: str) -> None:
    with pytest.raises(MatcherError) as caught:
        parse_matcher(text)
    assert str(caught.value) == message


def test_a_pattern_that_re2_does_not_know_is_refused() -> None:
    with pytest.raises(RegexError):
        parse_matcher("a=~(?=x)")


@pytest.mark.parametrize(
    ("text", "printed"),
    [
        ("{}", "{}"),
        ("", "{}"),
        ("{a=b", '{a="b"}'),
        ("a=b}", '{a="b"}'),
        ("a=b,", '{a="b"}'),
        ("{ a = b , }", '{a="b"}'),
        ('{a="x,y", b!~"z"}', '{a="x,y",b!~"z"}'),
        (r'a="q\",r",b=c', r'{a="q\",r",b="c"}'),
    ],
)
def test_lists_split_at_commas_outside_of_quotes_and_print_without_blanks(text: str, printed: str) -> None:
    assert format_matchers(parse_matchers(text)) == printed


def test_an_empty_piece_in_the_middle_is_a_mistake() -> None:
    with pytest.raises(MatcherError):
        parse_matchers("a=b,,c=d")


@given(name=st.sampled_from(["a", "_b", "c:d"]), op=st.sampled_from(["=", "!="]), value=st.text(max_size=20))
def test_what_is_printed_reads_back(name: str, op: str, value: str) -> None:
    matcher = Matcher(name, MatchOp(op), value)
    assert parse_matcher(format_matcher(matcher)) == matcher


@given(st.text(st.characters(exclude_categories=()), max_size=40))
def test_any_text_is_matchers_or_a_mistake(text: str) -> None:
    try:
        found = parse_matchers(text)
    except (MatcherError, RegexError):
        return
    assert parse_matchers(format_matchers(found)) == found
