"""Matchers printed. Both grammars read them back; only names in quotes are unknown to the classic one."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from engine.foundation.errors import ConfigError
from promql.model.labels import quote
from promql.model.matchers import Matcher

GO_SPACE: Final = (
    "\t\n\v\f\r \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
    "\u2028\u2029\u202f\u205f\u3000"
)
"""What Go takes for blanks."""
RESERVED: Final = GO_SPACE + "{}!=~,\\\"'`"
"""What stands in no name and no value without quotes."""
_QUOTED_NAME: Final = re.compile(f"[{re.escape(RESERVED)}]")  # noqa: TID251 - ours, linear


class MatcherError(ConfigError):
    """The text is no matcher; the words are Alertmanager's."""


def format_matcher(matcher: Matcher) -> str:
    """`name="value"`, with backslash, quote and line feed escaped; a name that needs quotes makes Go's of both."""
    if _QUOTED_NAME.search(matcher.name):
        return f"{quote(matcher.name)}{matcher.op.value}{quote(matcher.value)}"
    value = matcher.value.replace("\\", "\\\\").replace("\n", "\\n").replace('"', '\\"')
    return f'{matcher.name}{matcher.op.value}"{value}"'


def format_matchers(matchers: Iterable[Matcher]) -> str:
    """`{a="b",c=~"d"}`, in the order given."""
    return "{" + ",".join(map(format_matcher, matchers)) + "}"
