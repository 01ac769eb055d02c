"""Regular expressions as Go has them."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.foundation.regexes import Regex, RegexError


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        ("(", "missing closing ): `^(?:()$`"),
        ("(?=a)", "invalid or unsupported Perl syntax: `(?=`"),
        ("*a", "missing argument to repetition operator: `*`"),
        ("a**", "invalid nested repetition operator: `**`"),
        ("x{1001}", "invalid repeat count: `{1001}`"),
        ("\\C", "invalid escape sequence: `\\C`"),
        ("(?<n>a)", "invalid or unsupported Perl syntax: `(?<`"),
        ("\\\\(?<n>a)", "invalid or unsupported Perl syntax: `(?<`"),
        ("(?<=a)", "invalid or unsupported Perl syntax: `(?<`"),
    ],
)
def test_mistakes_are_told_in_gos_words(pattern: str, text: str) -> None:
    with pytest.raises(RegexError) as caught:
        Regex(pattern)
    assert str(caught.value) == f"error parsing regexp: {text}"


@pytest.mark.parametrize("pattern", ["\\(?<", "[(?<]", "[](?<]", "[[:alpha:](?<]", "\\Q(?<\\C\\E", "\\\\C", "(?P<n>a)"])
def test_what_go_refuses_as_an_operator_it_takes_as_text(pattern: str) -> None:
    Regex(pattern)


def test_patterns_match_whole_texts_unless_told_otherwise() -> None:
    assert not Regex("b").matches("abc")
    assert Regex("b", anchored=False).matches("abc")
    assert not Regex("a.c").matches("a\nc")


def test_expansion_takes_the_longest_name_and_knows_no_group_as_empty() -> None:
    regex = Regex("(a+)(?P<rest>.*)")
    assert regex.expand("aab", "$1-${rest}-$1_x-$$-${9}") == "aa-b--$-"
    assert regex.expand("b", "$1") is None


def test_every_match_is_replaced() -> None:
    assert Regex("b(.)", anchored=False).replace_all("abcabd", "<$1>") == "a<c>a<d>"


def test_a_pattern_that_makes_backtrackers_hang_is_answered() -> None:
    assert not Regex("(a+)+b").matches("a" * 10_000)


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ("$1é", ""),
        ("é$1 ", "éfoo "),
        ("$01", ""),
        ("${01}", ""),
        ("$0", "foo"),
        ("$١", ""),
        ("$99999999999", ""),
        ("${1", "${1"),
    ],
)
def test_a_reference_is_a_number_or_a_name_of_any_letters(template: str, expected: str) -> None:
    assert Regex("(f.*)").expand("foo", template) == expected


@given(st.text(st.characters(exclude_categories=()), max_size=30))
def test_any_text_is_a_pattern_or_a_mistake(text: str) -> None:
    with suppress(RegexError):
        Regex(text)
