"""Label matchers."""

import pytest

from engine.foundation.regexes import RegexError
from promql.model.labels import Labels
from promql.model.matchers import Matcher, MatchOp, match_all


@pytest.mark.parametrize(
    ("op", "value", "matching", "other"),
    [
        (MatchOp.EQUAL, "a", "a", "b"),
        (MatchOp.NOT_EQUAL, "a", "b", "a"),
        (MatchOp.REGEX, "a|b.", "bc", "abc"),
        (MatchOp.NOT_REGEX, "a|b.", "abc", "a"),
    ],
)
def test_each_operator_judges_whole_values(op: MatchOp, value: str, matching: str, other: str) -> None:
    matcher = Matcher("x", op, value)
    assert matcher.matches(matching)
    assert not matcher.matches(other)


def test_an_absent_label_counts_as_empty() -> None:
    assert match_all([Matcher("x", MatchOp.EQUAL, ""), Matcher("y", MatchOp.REGEX, ".*")], Labels())
    assert not match_all([Matcher("x", MatchOp.NOT_EQUAL, "")], Labels())


def test_what_is_a_pattern_only_once_it_is_anchored_is_refused() -> None:
    with pytest.raises(RegexError, match=r"unexpected \): `a\)\(b`"):
        Matcher("x", MatchOp.REGEX, "a)(b")
