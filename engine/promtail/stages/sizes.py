"""Sizes in the way of Promtail: `30b`, `8kb`, `1MiB`, a bare number of bytes."""

from __future__ import annotations

import re
from typing import Final, Self

_SIZE: Final = re.compile(r"\s*([0-9]+(?:\.[0-9]*)?)\s*([a-zA-Z]*)\s*")  # noqa: TID251 - ours, linear
_UNITS: Final = {"": 1, "b": 1} | {
    f"{letter}{suffix}": 1024**power for power, letter in enumerate("kmgtpe", 1) for suffix in ("", "b", "ib")
}


class Bytes(int):
    """A number of bytes; units count in 1024s, whichever way they are written."""

    __slots__ = ()

    @classmethod
    def from_text(cls, text: str) -> Self:
        if not text:
            return cls(0)
        found = _SIZE.fullmatch(text)
        if found is None or found[2].lower() not in _UNITS:
            raise ValueError(f'unable to parse "{text}" as bytes: want for example 8kb')
        return cls(int(float(found[1]) * _UNITS[found[2].lower()]))
