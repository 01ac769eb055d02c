"""Strings as Go sees them: bytes, mostly UTF-8.

A Python string stands for a Go string; bytes that are not UTF-8 (after `slice` or `printf "%.1x"`, say) live in it as
surrogate escapes and become U+FFFD when a template's output leaves the interpreter.
"""

from __future__ import annotations

import re
from typing import Final

_SURROGATE: Final = re.compile("[\ud800-\udfff]")  # noqa: TID251 - ours, linear
_PRIVATE: Final = 0x10F800 - 0xD800
_GUARD: Final = re.compile("[\U0010f800-\U0010ffff]")  # noqa: TID251 - ours, linear


def to_bytes(text: str) -> bytes:
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return text.encode("utf-8", "replace")


def from_bytes(raw: bytes) -> str:
    return raw.decode("utf-8", "surrogateescape")


def rejoined(text: str) -> str:
    """Where texts were put together, bytes that now make up a character become that character."""
    return text if _SURROGATE.search(text) is None else from_bytes(to_bytes(text))


def guarded(text: str) -> str:
    """Each lone byte as a character of private use, which libraries take; `unguarded` undoes it."""
    return text if _SURROGATE.search(text) is None else _SURROGATE.sub(lambda m: chr(ord(m[0]) + _PRIVATE), text)


def unguarded(text: str) -> str:
    return text if _GUARD.search(text) is None else _GUARD.sub(lambda m: chr(ord(m[0]) - _PRIVATE), text)


def replaced(text: str) -> str:
    """Each lone byte as U+FFFD."""
    return _SURROGATE.sub("\ufffd", text)


def cleaned(text: str) -> str:
    """Without lone surrogates: what may leave."""
    return text if _SURROGATE.search(text) is None else to_bytes(text).decode("utf-8", "replace")
