"""Keys of pages, decoded: `name{a="b"}` to its labels, as they are exposed."""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import starmap
from sys import intern
from typing import Final

from promql.model.labels import METRIC_NAME, Labels

_NAME: Final = re.compile(rb"[ \t]*[a-zA-Z_:][a-zA-Z0-9_:]*")  # noqa: TID251 - ours, linear
_LABEL: Final = re.compile(  # noqa: TID251 - ours, linear
    rb'([a-zA-Z_][a-zA-Z0-9_]*)[ \t]*=[ \t]*"([^"\\]*+(?:\\.[^"\\]*+)*+)"'
)
_ESCAPE: Final = re.compile(r'\\([\\"n])')  # noqa: TID251 - ours, linear
_HELP_ESCAPE: Final = re.compile(r"\\([\\n])")  # noqa: TID251 - ours, linear


def decode(key: bytes) -> list[tuple[str, str]]:
    """The exposed labels in page order, the name first; empty values and repeated names are kept.

    A blank before the name belongs to the name, as in 2.42 (which then finds the name invalid).
    """
    name = _NAME.match(key)
    assert name is not None, "keys come from a parser"
    return [_name(name[0]), *starmap(label_pair, _LABEL.findall(key, name.end()))]


@lru_cache(maxsize=2**12)
def labels_of(text: bytes) -> Labels:
    """Those that are written with commas between them, as in an exemplar; empty ones vanish."""
    return Labels.of(starmap(label_pair, _LABEL.findall(text)))


@lru_cache(maxsize=2**12)
def _name(name: bytes) -> tuple[str, str]:
    return METRIC_NAME, name.decode()


@lru_cache(maxsize=2**16)
def label_pair(name: bytes, value: bytes) -> tuple[str, str]:
    """A label as it is written. Series share most of theirs: one tuple for all of them is quicker to get, and small."""
    return intern(name.decode()), unescape(value)


def unescape(value: bytes) -> str:
    r"""A label value: `\\`, `\"` and `\n`; any other backslash stays."""
    text = value.decode()
    return _ESCAPE.sub(_plain, text) if "\\" in text else text


def unescape_help(text: bytes) -> str:
    r"""A help text: `\\` and `\n`; any other backslash stays. Raises UnicodeDecodeError."""
    decoded = text.decode()
    return _HELP_ESCAPE.sub(_plain, decoded) if "\\" in decoded else decoded


def _plain(found: re.Match[str]) -> str:
    return "\n" if found[1] == "n" else found[1]
