"""What a match stage selects: `{job="a", env=~"dev.*"} |= "text" !~ "pattern"`."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from msgspec import Struct

from engine.foundation.errors import ConfigError
from engine.foundation.regexes import Regex
from promql.errors import PromQLError
from promql.model.matchers import Matcher
from promql.syntax.parser import parse_selector as parse_streams
from promql.syntax.strings import unquote

_FILTER: Final = re.compile(  # noqa: TID251 - ours, linear
    r"""\s*(\|=|!=|\|~|!~)\s*("(?:[^"\\\n]|\\.)*+"|`[^`]*+`)\s*"""
)
_BRACES: Final = re.compile(r"""\s*(\{(?:[^"`}]|"(?:[^"\\\n]|\\.)*+"|`[^`]*+`)*+\})""")  # noqa: TID251 - ours, linear


class Selector(Struct, frozen=True):
    matchers: Sequence[Matcher]
    filters: Sequence[Callable[[str], bool]]

    def selects(self, labels: Mapping[str, str], line: str) -> bool:
        return all(m.matches(labels.get(m.name, "")) for m in self.matchers) and all(one(line) for one in self.filters)


def parse_selector(text: str) -> Selector:
    """Raises ConfigError."""
    found = _BRACES.match(text)
    if found is None:
        raise ConfigError('a selector begins with the labels of streams in braces: {job="x"} |= "text"')
    try:
        matchers = parse_streams(found[1])
    except PromQLError as error:
        raise ConfigError(str(error)) from None
    filters: list[Callable[[str], bool]] = []
    at = found.end()
    while (step := _FILTER.match(text, at)) is not None:
        filters.append(_filter(step[1], step[2]))
        at = step.end()
    if text[at:].strip():
        raise ConfigError(
            f'only filters of lines may follow the braces (|= != |~ !~ and a text), not "{text[at:].strip()}"'
        )
    return Selector(matchers, filters)


def _filter(operator: str, quoted: str) -> Callable[[str], bool]:
    text = unquote(quoted)
    if operator in ("|=", "!="):
        return (lambda line: text in line) if operator == "|=" else (lambda line: text not in line)
    pattern = Regex(text, anchored=False)
    return pattern.matches if operator == "|~" else (lambda line: not pattern.matches(line))
