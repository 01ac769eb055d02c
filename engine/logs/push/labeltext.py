"""Label sets as pushes write them: `{job="a", path="/x"}`, and names that are allowed in them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Final

from engine.foundation.errors import RemoteError
from promql.model.labels import Labels, is_plain_name, quote

_PAIR: Final = re.compile(  # noqa: TID251 - ours, linear
    r'\s*([a-zA-Z_][a-zA-Z0-9_]*)\s*=\s*("(?:[^"\\\n]|\\.)*"|`[^`]*`)\s*(,|(?=\}))', re.ASCII
)
_ESCAPE: Final = re.compile(  # noqa: TID251 - ours, linear
    r"\\(?:([abfnrtv\\\"'])|x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-7]{3}))"
)
_SINGLE: Final = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}


class LabelsError(RemoteError):
    """A label set that can't be read, in the words of the original's parser."""


@lru_cache(4096)
def parsed(text: str) -> Labels:
    """Raises LabelsError. Few label sets come again and again."""
    at = len(text) - len(text.lstrip())
    if text[at : at + 1] != "{":
        raise _unexpected(text, at)
    at += 1
    found: dict[str, str] = {}
    while True:
        rest = len(text[at:]) - len(text[at:].lstrip())
        if text[at + rest : at + rest + 1] == "}":
            break
        pair = _PAIR.match(text, at)
        if pair is None:
            raise _unexpected(text, at + rest)
        found[pair[1]] = _unquoted(pair[2])
        at = pair.end()
    if text[at + rest + 1 :].strip():
        raise _unexpected(text, at + rest + 1)
    return Labels.of(found)


def named(labels: Mapping[str, str]) -> Labels:
    """From names to values. Raises LabelsError for a name that is none, with the place in the text that it makes."""
    for name in labels:
        if not is_plain_name(name):
            pairs = sorted(labels.items())
            before = "{" + "".join(f"{n}={quote(v)}, " for n, v in pairs[: [n for n, _ in pairs].index(name)])
            bad = next((at for at, char in enumerate(name) if not is_plain_name(name[: at + 1])), 0)
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
    if text[0] == "`" or "\\" not in text:
        return text[1:-1]
    return _ESCAPE.sub(_escaped, text[1:-1])


def _escaped(found: re.Match[str]) -> str:
    if found[1]:
        return _SINGLE.get(found[1], found[1])
    return chr(int(found[5], 8) if found[5] else int(found[2] or found[3] or found[4], 16))
