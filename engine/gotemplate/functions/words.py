"""Text functions that Prometheus and Alertmanager share."""

from __future__ import annotations

from engine.foundation.regexes import Regex, RegexError
from engine.gotemplate.errors import CallError, LimitError
from engine.gotemplate.printing import MAX_TEXT
from engine.gotemplate.text import quote


def matches(pattern: str, text: str) -> bool:
    """Anywhere in the text."""
    try:
        return Regex(pattern, anchored=False).matches(text)
    except RegexError as error:
        raise CallError(str(error)) from None


def replace_all(pattern: str, replacement: str, text: str) -> str:
    """Every match; `$1`, `${name}` and `$$` stand in the replacement."""
    try:
        regex = Regex(pattern, anchored=False)
    except RegexError as error:
        shown = quote(pattern) if "`" in pattern or not pattern.isprintable() else f"`{pattern}`"
        raise CallError(f"regexp: Compile({shown}): {error}") from None
    if (len(text) + 1) * (len(replacement) + 1) > MAX_TEXT:
        _check_size(regex, replacement, text)
    return regex.replace_all(text, replacement)


def _check_size(regex: Regex, replacement: str, text: str) -> None:
    """Before it is made: a long replacement for each character of a long text would be gigabytes."""
    matched = len(regex.replace_all(text, "x")) - len(regex.replace_all(text, ""))
    if matched * len(replacement) + replacement.count("$") * len(text) > MAX_TEXT:
        raise LimitError(f"a text would be longer than {MAX_TEXT} characters")


def titled(text: str) -> str:
    """The first letter of each word in capitals, the rest as it is."""
    pieces, inside = [], False
    for char in text:
        pieces.append(char if inside else char.title())
        inside = char.isalnum() or char in "_'"
    return "".join(pieces)
