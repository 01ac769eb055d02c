"""Error texts: every example as Prometheus 2.42 says it, word for word, with line and column."""

from __future__ import annotations

import pytest

from promql.errors import ParseError
from promql.syntax.messages import UNEXPECTED
from promql.syntax.parser import MAX_DEPTH, parse, parse_selector
from promql.syntax.tables import REPORTS
from tests.promql.syntax.tables import ERRORS, WIDER


def error_of(text: str) -> str:
    with pytest.raises(ParseError) as caught:
        parse(text)
    return str(caught.value)


def test_there_are_many_examples() -> None:
    assert len(ERRORS) > 500
    assert len(dict(ERRORS)) == len(ERRORS)


NARROW = [(text, error) for text, error in ERRORS if text not in WIDER]


@pytest.mark.parametrize(("text", "error"), NARROW, ids=[repr(text) for text, _ in NARROW])
def test_the_error_is_that_of_prometheus(text: str, error: str) -> None:
    assert error_of(text) == error


def test_line_and_column_are_also_numbers() -> None:
    with pytest.raises(ParseError) as caught:
        parse("up\n  + é")
    assert (caught.value.line, caught.value.column) == (2, 5)
    assert caught.value.message == "unexpected character: 'é'"


def test_columns_count_bytes() -> None:
    assert error_of('"é" $') == "1:6: parse error: unexpected character: '$'"


def test_a_lone_surrogate_is_no_text() -> None:
    assert error_of('up{a="\ud800"}') == "1:6: parse error: invalid UTF-8 rune"
    assert error_of("\ud800") == "1:1: parse error: unexpected character: '\ufffd'"


@pytest.mark.parametrize(
    ("opening", "closing", "column"),
    [("(", ")", 201), ("-", "", 201), ("abs(", ")", 801), ("sum(", ")", 801)],
)
def test_too_deep_a_nest_is_refused(opening: str, closing: str, column: int) -> None:
    expected = f"1:{column}: parse error: expression is nested more than {MAX_DEPTH} levels deep"
    assert error_of(opening * MAX_DEPTH + "a" + closing * MAX_DEPTH) == expected
    parse(opening * (MAX_DEPTH - 1) + "a" + closing * (MAX_DEPTH - 1))


@pytest.mark.parametrize("link", [" + ", " or ", " ^ ", " == "])
def test_too_long_a_chain_is_refused(link: str) -> None:
    assert "nested more than" in error_of(link.join(["a"] * (MAX_DEPTH + 1)))
    parse(link.join(["a"] * MAX_DEPTH))


@pytest.mark.parametrize("text", ["(" * 50_000, "-" * 50_000, "a[5m:]" + "[5m:]" * 5_000, "sum by (" + "a," * 5_000])
def test_no_text_is_too_deep_for_an_answer(text: str) -> None:
    assert error_of(text)


def test_a_moment_whose_milliseconds_leave_64_bits_is_refused() -> None:
    """Prometheus lets it wrap around to 292 million years before 1970."""
    expected = "1:1: parse error: timestamp out of bounds for @ modifier: 10000000000000000.000000"
    assert error_of("up @ 1e16") == expected
    parse("up @ 1e15")


def test_every_place_of_a_wrong_token_has_its_words() -> None:
    assert set(REPORTS.values()) == set(UNEXPECTED)


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("", "1:1: parse error: unexpected end of input"),
        ("#", "1:2: parse error: unexpected end of input"),
        ("up[5m]", '1:3: parse error: unexpected "["'),
        ("up offset 5m", "1:4: parse error: unexpected <offset>"),
        ("up @ 1", '1:4: parse error: unexpected "<Item 57385>" <op:@>'),
        ("sum(up)", '1:4: parse error: unexpected "("'),
        ("(up)", '1:1: parse error: unexpected "("'),
        ("1", '1:1: parse error: unexpected number "1"'),
        ('"a"', r'1:1: parse error: unexpected string "\"a\""'),
        ("up up", '1:4: parse error: unexpected identifier "up"'),
        ('{a=~"("}', "1:2: parse error: error parsing regexp: missing closing ): `^(?:()$`"),
        ("up{", "1:4: parse error: unexpected end of input inside braces"),
        ("on", "1:1: parse error: unexpected <on>"),
    ],
)
def test_only_an_instant_selector_is_a_selector(text: str, error: str) -> None:
    with pytest.raises(ParseError) as caught:
        parse_selector(text)
    assert str(caught.value) == error
