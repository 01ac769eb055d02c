from __future__ import annotations

import pytest

from engine.alerting.matching.conditions import compiled, matches_empty
from engine.alerting.matching.grammar import Grammar
from engine.alerting.matching.text import format_matchers
from engine.foundation.regexes import Regex


def test_all_three_ways_of_writing_are_joined_and_sorted_by_name_value_and_operator() -> None:
    found = compiled({"b": "2", "a": ""}, {"b": Regex("1")}, ["b!=2", "{a=~x,c=d}"], Grammar.BOTH)
    assert format_matchers(found) == '{a="",a=~"x",b="2",b!="2",b=~"^(?:1)$",c="d"}'


@pytest.mark.parametrize(
    ("text", "empty"), [("a=", True), ("a=x", False), ("a=~.*", True), ("a!=x", False), ("a!~x", False), ("a!=", False)]
)
def test_negative_matchers_never_count_as_saying_nothing(text: str, empty: bool) -> None:
    assert matches_empty(Grammar.BOTH.matcher(text)) is empty
