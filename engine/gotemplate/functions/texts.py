"""Texts as sprig's functions make them, and Go's `strings`. None grows beyond MAX_TEXT: TooLargeError."""

from __future__ import annotations

import base64
import binascii
import re
from typing import Final

from engine.gotemplate.errors import TooLargeError
from engine.gotemplate.functions.words import replace_all
from engine.gotemplate.printing import MAX_TEXT

_NO_BASE64: Final = re.compile(r"[^A-Za-z0-9+/=]")  # noqa: TID251 - ours, linear


def bounded(text: str) -> str:
    _check(len(text))
    return text


def _check(size: int) -> None:
    if size > MAX_TEXT:
        raise TooLargeError(f"a text would be longer than {MAX_TEXT} characters")


def replaced(text: str, old: str, new: str, count: int) -> str:
    """Go's `strings.Replace`; a count below 0 means all."""
    places = text.count(old)
    places = min(places, count) if count >= 0 else places
    _check(len(text) + places * len(new))
    return text.replace(old, new, places)


def repeated(count: int, text: str) -> str:
    _check(count * len(text))
    return text * max(count, 0)


def indented(spaces: int, text: str) -> str:
    pad = repeated(spaces, " ")
    return bounded(pad + replaced(text, "\n", "\n" + pad, -1))


def cut(count: int, text: str) -> str:
    """The first so many characters, or with a count below 0 the last."""
    if count < 0 and len(text) + count > 0:
        return text[count:]
    return text[:count] if 0 <= count < len(text) else text


def part(start: int, end: int, text: str) -> str:
    """From `start`, below 0 from the beginning, up to `end`, below 0 to the end."""
    if start < 0:
        return text[: max(end, 0)]
    return text[start:] if end < 0 or end > len(text) else text[start:end]


def aligned(count: int, text: str, *, left: bool) -> str:
    """Cut or padded to so many characters."""
    if count < 0 or count == len(text):
        return text
    if count < len(text):
        return text[:count] if left else text[len(text) - count :]
    pad = repeated(count - len(text), " ")
    return text + pad if left else pad + text


def replaced_literally(pattern: str, text: str, replacement: str) -> str:
    """All matches of a regular expression; `$` in the replacement is a sign as others are."""
    return replace_all(pattern, replacement.replace("$", "$$"), text)


def encoded(text: str) -> str:
    return bounded(base64.b64encode(text.encode("utf-8", "replace")).decode())


def decoded(text: str) -> str:
    """What is no base64 gives the text of Go's error, as in sprig."""
    bare = text.replace("\r", "").replace("\n", "")
    try:
        return base64.b64decode(bare.encode("ascii"), validate=True).decode("utf-8", "replace")
    except (binascii.Error, UnicodeEncodeError):
        odd = _NO_BASE64.search(bare)
        at = len(bare) - len(bare) % 4 if odd is None else len(bare[: odd.start()].encode("utf-8", "replace"))
        return f"illegal base64 data at input byte {at}"
