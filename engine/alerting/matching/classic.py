"""The classic grammar, the only one of Alertmanager 0.25: `{severity=~"a|b", team!=x}`.

A bare value runs to the next comma and keeps its inner blanks, single quotes are ordinary characters, a backslash
before anything but `n`, `"` and itself stays in the value. Braces are optional each on its own. Nothing here is PromQL,
which is why its parser does not serve.
"""

from __future__ import annotations

import re
from typing import Final

from engine.alerting.matching.text import GO_SPACE, MatcherError
from promql.model.matchers import Matcher, MatchOp

_MATCHER: Final = re.compile(  # noqa: TID251 - ours, linear
    r"\s*([a-zA-Z_:][a-zA-Z0-9_:]*)\s*(=~|=|!=|!~)\s*(.*)", re.ASCII | re.DOTALL
)
_BLANKS: Final = " \t\n\f\r\v"
_ESCAPES: Final = {"n": "\n", '"': '"', "\\": "\\"}


def parse_matchers(text: str) -> list[Matcher]:
    """A list, with or without braces. Raises MatcherError, RegexError."""
    return [parse_matcher(piece) for piece in _split(text.removeprefix("{").removesuffix("}"))]


def parse_matcher(text: str) -> Matcher:
    """Exactly one. Raises MatcherError, RegexError."""
    found = _MATCHER.fullmatch(text)
    if found is None:
        raise MatcherError(f"bad matcher format: {text}")
    return Matcher(found[1], MatchOp(found[2]), _unquote(found[3].rstrip(_BLANKS)))


def _split(text: str) -> list[str]:
    """At commas outside of double quotes; a last piece of nothing but blanks does not count."""
    pieces, start, quoted, escaped = [], 0, False, False
    for at, char in enumerate(text):
        if char == "," and not quoted:
            pieces.append(text[start:at])
            start = at + 1
            continue
        if char == '"' and not escaped:
            quoted = not quoted
        escaped = char == "\\" and not escaped
    last = text[start:].strip(GO_SPACE)
    return [*pieces, last] if last else pieces


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
                raise MatcherError(f"matcher value contains unescaped double quote: {raw}")
            open_ = False
        else:
            pieces.append(char)
        at += 1
    if open_:
        raise MatcherError(f"matcher value contains unescaped double quote: {raw}")
    return "".join(pieces)
