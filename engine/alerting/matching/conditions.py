"""The conditions of routes, rules and silences."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from engine.alerting.matching.grammar import Grammar
from engine.foundation.regexes import Regex
from promql.model.matchers import Matcher, MatchOp

_ORDER: Final = (MatchOp.EQUAL, MatchOp.NOT_EQUAL, MatchOp.REGEX, MatchOp.NOT_REGEX)
_NEGATIVE: Final = frozenset({MatchOp.NOT_EQUAL, MatchOp.NOT_REGEX})


def compiled(
    match: Mapping[str, str], match_re: Mapping[str, Regex | None], matchers: Iterable[str], grammar: Grammar
) -> tuple[Matcher, ...]:
    """All three ways of writing conditions as one list, in order.

    A pattern of `match_re` is anchored twice; that does not change what it matches, but it is seen in group keys, from
    which receivers' keys are made.
    """
    found = [Matcher(name, MatchOp.EQUAL, value) for name, value in match.items()]
    found += [Matcher(name, MatchOp.REGEX, f"^(?:{r.pattern})$") for name, r in match_re.items() if r is not None]
    return in_order([*found, *(matcher for text in matchers for matcher in grammar.matchers(text))])


def in_order(matchers: Iterable[Matcher]) -> tuple[Matcher, ...]:
    """By name, value and operator."""
    return tuple(sorted(matchers, key=lambda m: (m.name, m.value, _ORDER.index(m.op))))


def matches_empty(matcher: Matcher) -> bool:
    """Whether a silence made of this matcher alone would say nothing; a negative one always says something."""
    return matcher.op not in _NEGATIVE and matcher.matches("")
