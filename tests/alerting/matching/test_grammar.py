from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.alerting.matching.grammar import Grammar, disagreement, is_name
from engine.alerting.matching.text import MatcherError, format_matcher, format_matchers
from engine.foundation.regexes import RegexError
from promql.model.matchers import Matcher

TEXTS = st.text(st.sampled_from("ab-é{}!=~,\\\"'` n"), max_size=14)


def read(grammar: Grammar, text: str) -> list[Matcher] | str:
    try:
        return grammar.matchers(text)
    except (MatcherError, RegexError) as error:
        return str(error)


@given(TEXTS)
def test_by_both_grammars_the_classic_one_decides_wherever_it_can_or_nobody_can(text: str) -> None:
    old, new, both = (read(grammar, text) for grammar in (Grammar.CLASSIC, Grammar.UTF8, Grammar.BOTH))
    assert both == (new if isinstance(old, str) and not isinstance(new, str) else old)


@pytest.mark.parametrize(
    ("text", "classic", "both", "strict"),
    [
        ("a=b", 'a="b"', 'a="b"', 'a="b"'),
        ("a=b c", 'a="b c"', 'a="b c"', "4:5: unexpected c: expected a comma or close brace"),
        ("a-b=c", "bad matcher format: a-b=c", 'a-b="c"', 'a-b="c"'),
        (r'a="\u00e9"', r'a="\\u00e9"', r'a="\\u00e9"', 'a="é"'),
        ("a", "bad matcher format: a", "bad matcher format: a",
         "end of input: expected an operator such as '=', '!=', '=~' or '!~'"),
        ("a=b}", 'a="b}"', 'a="b}"', "unexpected open or close brace: a=b}"),
        ("{a-b=c}", "bad matcher format: {a-b=c}", "bad matcher format: {a-b=c}", "unexpected open or close brace: {a-b=c}"),
    ],
)  # fmt: skip
def test_each_grammar_reads_one_matcher_in_its_own_way(text: str, classic: str, both: str, strict: str) -> None:
    for grammar, wanted in zip((Grammar.CLASSIC, Grammar.BOTH, Grammar.UTF8), (classic, both, strict), strict=True):
        try:
            found = format_matcher(grammar.matcher(text))
        except MatcherError as error:
            found = str(error)
        assert found == wanted


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('a="b",c=d', ""),
        ("{}", ""),
        ("a=b c,d=e", 'Alertmanager with utf8-strict-mode refuses it (4:5: unexpected c: expected a comma or close brace), but reads a="b c",d="e"'),
        (r'a="\u00e9"', r'Alertmanager with utf8-strict-mode takes it for a="é", here it is a="\\u00e9"'),
    ],
)  # fmt: skip
def test_what_the_other_grammar_says_is_told(text: str, told: str) -> None:
    assert disagreement(text) == told


@given(TEXTS)
def test_the_text_that_is_proposed_is_one_that_both_grammars_read_alike(text: str) -> None:
    old = read(Grammar.CLASSIC, text)
    if not isinstance(old, str):
        assert Grammar.UTF8.matchers(format_matchers(old)) == Grammar.CLASSIC.matchers(format_matchers(old)) == old


def test_labels_have_the_names_of_the_release_that_the_configuration_was_written_for() -> None:
    old, new = "severity", "service.name"
    for used, wide in (((), False), ((old, "a:b", ""), False), ((old, new), True)):
        assert [grammar.names(used)(new) for grammar in Grammar] == [False, wide, True]
    assert all(grammar.names([new])(old) and not grammar.names([new])("") for grammar in Grammar)


def test_a_name_is_text() -> None:
    assert is_name("a b\n")
    assert not is_name("a\udc80")
