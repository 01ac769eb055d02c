"""Names of variables in texts, replaced: `$name`, `${name}`, `${name:format}`, `${name.part}`, `[[name]]`.

Law: a name that nobody knows is left as it is written; so is a format that does not exist.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from engine.dashboards.variables.formats import FORMATS, VERBATIM_STILL, Format, glob, readable
from engine.dashboards.variables.value import Lookup, Value

_NAME: Final = re.compile(  # noqa: TID251 - ours, linear
    r"\$(\w+)|\[\[(\w+)(?::([^\]]+))?\]\]|\$\{(\w+)(?:\.([^:}]+))?(?::([^}]+))?\}"
)
_DEPTH: Final = 3
"""How often a variable's text for all may name others."""


def interpolate(text: str, lookup: Lookup, default: Format = glob, depth: int = _DEPTH) -> str:
    """The text with values; `default` formats where no format is written."""
    if "$" not in text and "[[" not in text:
        return text
    return _NAME.sub(lambda found: _replaced(found, lookup, default, depth), text)


def names(text: str) -> Iterator[str]:
    """The variables that a text names."""
    for found in _NAME.finditer(text):
        yield found[1] or found[2] or found[4]


def _replaced(found: re.Match[str], lookup: Lookup, default: Format, depth: int) -> str:
    name, part = found[1] or found[2] or found[4], found[5]
    value = lookup(name)
    if value is None:
        return found[0]
    if part and part != "value":
        return _part(value, part, found[0])
    form, _, argument = (found[3] or found[6] or "").partition(":")
    told = form in VERBATIM_STILL or (not form and default is readable)
    if value.verbatim is not None and not told:
        return interpolate(value.verbatim, lookup, default, depth - 1) if depth else value.verbatim
    if form and form not in FORMATS:
        return found[0]
    return FORMATS[form](value, name, argument) if form else default(value, name, "")


def _part(value: Value, part: str, written: str) -> str:
    if part in value.parts:
        return value.parts[part]
    return value.shown if part == "text" else written
