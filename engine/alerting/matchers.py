"""Matchers as Alertmanager writes them: `{severity=~"a|b", team!=x}`.

The classic grammar, the only one of 0.25: a bare value runs to the next comma and keeps its inner blanks, single
quotes are ordinary characters, a backslash before anything but `n`, `"` and itself stays in the value. Braces are
optional each on its own. Nothing here is PromQL, which is why its parser does not serve.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Final

from engine.foundation.errors import ConfigError
from engine.foundation.regexes import Regex
from promql.model.matchers import Matcher, MatchOp

_MATCHER: Final = re.compile(  # noqa: TID251 - ours, linear
    r"\s*([a-zA-Z_:][a-zA-Z0-9_:]*)\s*(=~|=|!=|!~)\s*(.*)", re.ASCII | re.DOTALL
)
_BLANKS: Final = " \t\n\f\r\v"
_ESCAPES: Final = {"n": "\n", '"': '"', "\\": "\\"}
_ORDER: Final = (MatchOp.EQUAL, MatchOp.NOT_EQUAL, MatchOp.REGEX, MatchOp.NOT_REGEX)
NEGATIVE: Final = frozenset({MatchOp.NOT_EQUAL, MatchOp.NOT_REGEX})


class MatcherError(ConfigError):
    """The text is no matcher; the words are Alertmanager's."""


def parse_matchers(text: str) -> list[Matcher]:
    """A list, with or without braces. Raises MatcherError, RegexError."""
    return [parse_matcher(piece) for piece in _split(text.removeprefix("{").removesuffix("}"))]


def parse_matcher(text: str) -> Matcher:
    """Exactly one. Raises MatcherError, RegexError."""
    found = _MATCHER.fullmatch(text)
    if found is None:
        raise MatcherError(f"bad matcher format: {text}")
    return Matcher(found[1], MatchOp(found[2]), _unquote(found[3].rstrip(_BLANKS)))


def format_matcher(matcher: Matcher) -> str:
    """`name="value"`, with backslash, quote and line feed escaped."""
    value = matcher.value.replace("\\", "\\\\").replace("\n", "\\n").replace('"', '\\"')
    return f'{matcher.name}{matcher.op.value}"{value}"'


def format_matchers(matchers: Iterable[Matcher]) -> str:
    """`{a="b",c=~"d"}`, in the order given."""
    return "{" + ",".join(map(format_matcher, matchers)) + "}"


def compiled(
    match: Mapping[str, str], match_re: Mapping[str, Regex | None], matchers: Iterable[str]
) -> tuple[Matcher, ...]:
    """All three ways of writing conditions as one list, sorted by name, value and operator.

    A pattern of `match_re` is anchored twice; that does not change what it matches, but it is seen in group keys, from
    which receivers' keys are made.
    """
    found = [Matcher(name, MatchOp.EQUAL, value) for name, value in match.items()]
    found += [Matcher(name, MatchOp.REGEX, f"^(?:{r.pattern})$") for name, r in match_re.items() if r is not None]
    found += [matcher for text in matchers for matcher in parse_matchers(text)]
    return tuple(sorted(found, key=lambda m: (m.name, m.value, _ORDER.index(m.op))))


def matches_empty(matcher: Matcher) -> bool:
    """Whether a silence made of this matcher alone would say nothing; a negative one always says something."""
    return matcher.op not in NEGATIVE and matcher.matches("")


def _split(text: str) -> list[str]:
    """At commas outside of double quotes; a last empty piece does not count."""
    pieces, start, quoted, escaped = [], 0, False, False
    for at, char in enumerate(text):
        if char == "," and not quoted:
            pieces.append(text[start:at])
            start = at + 1
            continue
        if char == '"' and not escaped:
            quoted = not quoted
        escaped = char == "\\" and not escaped
    return [*pieces, text[start:]] if text[start:] else pieces


def _unquote(raw: str) -> str:
    quoted = raw.startswith('"')
    text = raw[1:] if quoted else raw
    pieces, at, open_ = [], 0, quoted
    while at < len(text):
        char = text[at]
        last = at == len(text) - 1
        if char == "\\" and not last:
            at += 1
            pieces.append(_ESCAPES.get(text[at], "\\" + text[at]))
        elif char == '"':
            if not (quoted and last):
                raise MatcherError(f"matcher value contains unescaped double quote: {text}")
            open_ = False
        else:
            pieces.append(char)
        at += 1
    if open_:
        raise MatcherError(f"matcher value contains unescaped double quote: {text}")
    return "".join(pieces)
