"""Names of variables in texts."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.dashboards.variables.formats import FORMATS, glob, prometheus, readable
from engine.dashboards.variables.interpolate import interpolate, names
from engine.dashboards.variables.value import Value
from promql.model.labels import Labels
from promql.syntax.ast import VectorSelector
from promql.syntax.parser import parse

TWO = Value(("a.b", "c'd"), "a.b + c'd", several=True)
WORDS = st.text(st.characters(codec="utf-8", exclude_characters="\0", exclude_categories=["Cs"]), max_size=12)


def of(text: str, value: Value = TWO) -> str:
    return interpolate(text, {"v": value}.get)


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ("csv", "a.b,c'd"), ("pipe", "a.b|c'd"), ("raw", "a.b,c'd"), ("glob", "{a.b,c'd}"), ("regex", r"(a\.b|c'd)"),
        ("json", '["a.b","c\'d"]'), ("singlequote", r"'a.b','c\'d'"), ("doublequote", '"a.b","c\'d"'),
        ("sqlstring", "'a.b','c''d'"), ("distributed", "a.b,v=c'd"), ("text", "a.b + c'd"), ("lucene", '("a.b" OR "c\'d")'),
        ("percentencode", "%7Ba.b%2Cc%27d%7D"), ("queryparam", "var-v=a.b&var-v=c%27d"), ("html", "a.b, c&#x27;d"),
    ],
)  # fmt: skip
def test_every_format_joins_several_values_in_its_own_way(form: str, said: str) -> None:
    assert of(f"${{v:{form}}}") == said


@pytest.mark.parametrize("written", ["$v", "${v}", "[[v]]", "${v.value}"])
def test_all_ways_of_naming_are_one(written: str) -> None:
    assert of(f"<{written}>", Value.one("x")) == "<x>"


def test_what_nobody_knows_stays_as_it_is_written() -> None:
    assert of("$unknown ${unknown:csv} ${v:nosuch} $5 $") == "$unknown ${unknown:csv} ${v:nosuch} $5 $"


def test_a_text_for_all_is_never_escaped() -> None:
    every = Value(("a", "b"), "All", several=True, is_all=True, verbatim=".*")
    assert interpolate('{x=~"$v"}', {"v": every}.get, prometheus) == '{x=~".*"}'
    assert of("${v:text} ${v:queryparam}", every) == "All var-v=%24__all"
    assert interpolate("of $v", {"v": every}.get, readable) == "of All"


def test_dates_have_formats_of_their_own() -> None:
    at = Value.one("1700000000000")
    assert of("${v:date:iso} ${v:date:seconds} ${v:date:YYYY}", at) == "2023-11-14T22:13:20.000Z 1700000000 2023"


def test_text_and_labels_are_parts() -> None:
    assert of("${v.text}", Value(("1",), "one")) == "one"
    assert of("${v.labels.job}", Value(("1",), parts={"labels.job": "api"})) == "api"


@given(WORDS)
def test_a_single_value_is_itself_in_a_promql_string(word: str) -> None:
    """What the string holds after parsing is the value: quotes aside, which no dashboard can write into one."""
    word = word.replace('"', "").replace("\n", "").replace("'", "").replace("`", "")
    tree = parse(interpolate('x{a="$v"}', {"v": Value.one(word)}.get, prometheus))
    assert isinstance(tree, VectorSelector)
    assert [m.value for m in tree.matchers if m.name == "a"] == [word]


@given(st.lists(WORDS.filter(bool), min_size=1, max_size=4, unique=True))
def test_several_values_match_themselves_and_no_others(words: list[str]) -> None:
    words = [word.replace('"', "").replace("\n", "").replace("`", "") or "x" for word in words]
    text = interpolate('x{a=~"$v"}', {"v": Value(tuple(words), several=True)}.get, prometheus)
    tree = parse(text)
    assert isinstance(tree, VectorSelector)
    (matcher,) = [m for m in tree.matchers if m.name == "a"]
    for word in words:
        assert matcher.matches(word)
    assert not matcher.matches("".join(words) + "!")
    assert Labels.of(a=words[0])


@given(st.text(max_size=40))
def test_without_variables_a_text_is_unchanged(text: str) -> None:
    assert interpolate(text, lambda _: None, glob) == text


@given(WORDS, st.sampled_from(sorted(FORMATS)))
def test_no_format_fails_on_any_text(word: str, form: str) -> None:
    assert isinstance(of(f"${{v:{form}}}", Value.one(word)), str)


def test_names_are_found_in_all_spellings() -> None:
    assert list(names("$a ${b:csv} [[c]] ${d.text}")) == ["a", "b", "c", "d"]
