"""Literals and Go's ways to show text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promql.model.labels import quote
from promql.syntax.strings import code_point, literal_end, quote_rune, quote_short, unquote


@given(
    st.text().filter(
        lambda text: "\ufffd" not in text and text.encode(errors="replace") == text.encode("utf-8", "ignore")
    )
)
def test_quoting_and_unquoting_are_inverse(text: str) -> None:
    literal = quote(text)
    assert literal_end(literal, 0) == len(literal)
    assert unquote(literal) == text


@pytest.mark.parametrize(
    ("char", "shown"),
    [
        ("$", "'$'"),
        ("'", r"'\''"),
        ('"', "'\"'"),
        ("", "'\ufffd'"),
        ("\n", r"'\n'"),
        ("\xa0", r"'\u00a0'"),
        ("\\", r"'\\'"),
    ],
)
def test_characters_are_shown_in_single_quotes(char: str, shown: str) -> None:
    assert quote_rune(char) == shown


def test_long_texts_are_cut_after_ten_characters_when_over_ten_bytes() -> None:
    assert quote_short("1234567890") == '"1234567890"'
    assert quote_short("12345678901") == '"1234567890"...'
    assert quote_short("éééééé") == '"éééééé"...'


def test_code_points_are_shown_with_their_character_where_it_can_be() -> None:
    assert code_point("q") == "U+0071 'q'"
    assert code_point("\n") == "U+000A"
    assert code_point("😀") == "U+1F600 '😀'"
