"""Label sets as pushes write them: `{job="a", path="/x"}`, and names that are allowed in them."""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping
from functools import lru_cache
from typing import Final

from engine.foundation.errors import RemoteError
from promql.model.labels import Labels, is_plain_name, quote

_PAIR: Final = re.compile(  # noqa: TID251 - ours, linear
    r"""([a-zA-Z_][a-zA-Z0-9_]*)\s*=\s*("(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|`[^`]*`)\s*(?:,\s*|(?=\}))""", re.ASCII
)
_ESCAPE: Final = re.compile(  # noqa: TID251 - ours, linear
    rb"""\\(?:([abfnrtv\\"'])|x([0-9a-fA-F]{2})|([0-7]{3})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|)"""
)
_SPACE: Final = re.compile(r"\s*", re.ASCII)  # noqa: TID251 - ours, linear
_NAME: Final = re.compile(r"(?:[a-zA-Z_][a-zA-Z0-9_]*)?", re.ASCII)  # noqa: TID251 - ours, linear
_SINGLE: Final = {
    b"a": b"\a", b"b": b"\b", b"f": b"\f", b"n": b"\n", b"r": b"\r", b"t": b"\t", b"v": b"\v",
}  # fmt: skip
_SHORT: Final = 4096


class LabelsError(RemoteError):
    """A label set that can't be read, in the words of the original's parser."""


def parsed(text: str) -> Labels:
    """Raises LabelsError. Few label sets come again and again, and those are kept; but for long ones."""
    return _known(text) if len(text) <= _SHORT else _read(text)


def _read(text: str) -> Labels:
    at = _past(_SPACE, text, 0)
    if text[at : at + 1] != "{":
        raise _unexpected(text, at)
    at = _past(_SPACE, text, at + 1)
    found: dict[str, str] = {}
    while text[at : at + 1] != "}":
        pair = _PAIR.match(text, at)
        if pair is None:
            raise _unexpected(text, at)
        try:
            found[pair[1]] = _unquoted(pair[2])
        except ValueError:
            raise LabelsError(f"1:{pair.start(2) + 1}: parse error: unknown escape sequence in {pair[2]}") from None
        at = pair.end()
    if _past(_SPACE, text, at + 1) < len(text):
        raise _unexpected(text, at + 1)
    return Labels.of(found)


_known = lru_cache(2048)(_read)


def _past(pattern: re.Pattern[str], text: str, at: int) -> int:
    """Where what the pattern matches there ends."""
    found = pattern.match(text, at)
    return at if found is None else found.end()


def named(labels: Mapping[str, str]) -> Labels:
    """From names to values. Raises LabelsError for a name that is none, with the place in the text that it makes."""
    for name in labels:
        if not is_plain_name(name):
            pairs = sorted(labels.items())
            before = "{" + "".join(f"{n}={quote(v)}, " for n, v in pairs[: [n for n, _ in pairs].index(name)])
            bad = _past(_NAME, name, 0)
            raise LabelsError(
                f"1:{len(before) + bad + 1}: parse error: unexpected character inside braces: '{name[bad : bad + 1]}'"
            )
    return Labels.of(labels)


def _unexpected(text: str, at: int) -> LabelsError:
    while at < len(text) and (text[at].isalnum() or text[at] == "_"):
        at += 1
    if at >= len(text):
        return LabelsError(f"1:{at + 1}: parse error: unexpected end of input inside braces")
    return LabelsError(f"1:{at + 1}: parse error: unexpected character inside braces: '{text[at]}'")


def _unquoted(text: str) -> str:
    """What a quoted text stands for. Raises ValueError for an escape that is none."""
    if text[0] == "`" or "\\" not in text:
        return text[1:-1]
    return _ESCAPE.sub(_escaped, text[1:-1].encode()).decode(errors="replace")


def _escaped(found: re.Match[bytes]) -> bytes:
    """As in Go: some escapes are bytes, others characters. Raises ValueError."""
    char, byte, octal, short, long = found.groups()
    if char:
        return _SINGLE.get(char, char)
    if byte or octal:
        return bytes([int(byte, 16) if byte else int(octal, 8)])
    code = short or long
    if not code or int(code, 16) > sys.maxunicode:
        raise ValueError(found[0])
    return chr(int(code, 16)).encode()
