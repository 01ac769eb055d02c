"""What all sections are written with, and what the originals have."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, TypeAlias

Row: TypeAlias = Sequence[str]

with Path(__file__).parents[1].joinpath("originals.toml").open("rb") as _file:
    ORIGINALS: Final[Mapping[str, Any]] = tomllib.load(_file)


def table(head: Row, rows: Iterable[Row]) -> Iterator[str]:
    yield _line(head)
    yield _line(["---"] * len(head))
    yield from map(_line, rows)
    yield ""


def _line(cells: Row) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def originals(program: str, what: str) -> frozenset[str]:
    return frozenset(ORIGINALS[program][what].split())


def code(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def section(title: str, *lines: str, level: int = 2) -> Iterator[str]:
    yield f"{'#' * level} {title}"
    yield ""
    for line in lines:
        yield line
        yield ""
