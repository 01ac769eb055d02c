"""Numbers that are made up, and differ from each other wherever they could be mistaken for each other."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import count
from typing import Final

NUMBERS: Final = count(1001, 7)


def numbers(how_many: int) -> str:
    """Others each time."""
    return " ".join(str(next(NUMBERS)) for _ in range(how_many))


def under(folder: str, files: Mapping[str, str | int]) -> dict[str, str]:
    return {f"{folder}/{name}": f"{text}\n" for name, text in files.items()}


def counted(folder: str, names: Iterable[str]) -> dict[str, str]:
    return under(folder, {name: next(NUMBERS) for name in names})
