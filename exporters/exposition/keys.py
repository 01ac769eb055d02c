"""Keys of pages, decoded: `name{a="b"}` to its labels, as they are exposed."""

from __future__ import annotations

import re
from typing import Final

from promql.model.labels import METRIC_NAME

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
    pairs = [(METRIC_NAME, name[0].decode())]
    pairs += [(label.decode(), unescape(value)) for label, value in _LABEL.findall(key, name.end())]
    return pairs


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
