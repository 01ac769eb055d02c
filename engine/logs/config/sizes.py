"""Sizes as Loki's configuration writes them: `256kb`, `3MB`, `1048576`; units count in 1024s."""

from __future__ import annotations

import re
from typing import Final, Self

_SIZE: Final = re.compile(r"(\d+)\s*([a-z]*)", re.ASCII | re.IGNORECASE)  # noqa: TID251 - ours, linear
_UNITS: Final = ("", "k", "m", "g", "t", "p", "e")


class ByteSize(int):
    """Bytes."""

    __slots__ = ()

    @classmethod
    def from_text(cls, text: str) -> Self:
        if not text:
            return cls(0)
        found = _SIZE.fullmatch(text.strip())
        unit = found[2].lower().removesuffix("b") if found is not None else "-"
        if found is None or unit not in _UNITS:
            raise ValueError(f'invalid size "{text}" (want for example 256KB, 3MB or 1048576)')
        return cls(int(found[1]) << 10 * _UNITS.index(unit))

    def __str__(self) -> str:
        """The largest unit that it is a multiple of."""
        for power in range(len(_UNITS) - 1, 0, -1):
            if self and self % (1 << 10 * power) == 0:
                return f"{self >> 10 * power}{_UNITS[power].upper()}B"
        return f"{int(self)}B"
