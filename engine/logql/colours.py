"""Sequences that colour a terminal, move its cursor, or clear it: `decolorize` takes them away."""

from __future__ import annotations

import re
from typing import Final

_SEQUENCE: Final = re.compile(  # noqa: TID251 - ours: all but the last part of it gives nothing back
    rb"(?:\x1b|\xc2\x9b)[\[\]()#;?]*+"
    rb"(?:(?>(?:[a-zA-Z0-9]*+(?:;[a-zA-Z0-9]*+)*+)?+\x07)|(?:[0-9]{1,4}(?:;[0-9]{0,4})*)?[0-9A-PRZcf-ntqry=><~])"
)


def without_colours(line: bytes) -> bytes:
    if b"\x1b" not in line and b"\xc2\x9b" not in line:
        return line
    return _SEQUENCE.sub(b"", line)
