"""Text functions that Prometheus and Alertmanager share."""

from __future__ import annotations

import re
from typing import Final

from engine.foundation.regexes import Regex, RegexError
from engine.gotemplate.errors import CallError, TooLargeError
from engine.gotemplate.printing import MAX_TEXT
from engine.gotemplate.text import guarded, replaced, unguarded
from promql.model.labels import quote

_MIDDLE: Final = "'.:\\u00b7\\u0387\\u2018\\u2019\\u2024\\u2027\\ufe13\\ufe52\\ufe55\\uff07\\uff0e\\uff1a"
_PART: Final = r"[\w\u0300-\u036f\u200c\u200d]+"
_WORD: Final = re.compile(f"{_PART}(?:[{_MIDDLE}]{_PART})*")  # noqa: TID251 - ours, linear
_CASED: Final = re.compile(r"([^\W\d_])(.*)", re.DOTALL)  # noqa: TID251 - ours, linear


def matches(pattern: str, text: str) -> bool:
    """Anywhere in the text."""
    try:
        return Regex(pattern, anchored=False).matches(replaced(text))
    except RegexError as error:
        raise CallError(str(error)) from None


def replace_all(pattern: str, replacement: str, text: str) -> str:
    """Every match; `$1`, `${name}` and `$$` stand in the replacement."""
    try:
        regex = Regex(pattern, anchored=False)
    except RegexError as error:
        shown = quote(pattern) if "`" in pattern or not pattern.isprintable() else f"`{pattern}`"
        raise CallError(f"regexp: Compile({shown}): {error}") from None
    try:
        if replacement.count("$") * len(text) > MAX_TEXT:  # a single match could already be too much
            raise OverflowError
        return unguarded(regex.replace_all(guarded(text), guarded(replacement), limit=MAX_TEXT))
    except OverflowError:
        raise TooLargeError(f"a text would be longer than {MAX_TEXT} characters") from None


def titled(text: str) -> str:
    """Each word with its first letter in capitals, the rest in small ones; an apostrophe, dot or colon ends no word."""
    return _WORD.sub(lambda word: _CASED.sub(lambda m: m[1].title() + m[2].lower(), word[0], count=1), text)


def titled_words(text: str) -> str:
    """As `titled`, but every ASCII sign that is no letter, digit or underscore ends a word, an apostrophe too."""
    pieces, inside = [], False
    for char in text:
        pieces.append(char if inside else char.title())
        inside = char.isalnum() or char == "_" or not (char.isascii() or char.isspace())
    return "".join(pieces)


def upper(text: str) -> str:
    """Letter by letter, so that the length in letters stays: `ß` has no capital."""
    return text.upper() if text.isascii() else "".join(u if len(u := c.upper()) == 1 else c for c in replaced(text))


def lower(text: str) -> str:
    return text.lower() if text.isascii() else "".join(c.lower()[0] for c in replaced(text))
