"""Which fields lines have, for whoever looks for something to filter by: a sample of lines is parsed."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import Final

from msgspec import Struct, field

from engine.gotemplate.floats import parse_float
from engine.logql import units
from engine.logql.execute.lines import Entry
from engine.logql.pipeline import json_fields, logfmt
from engine.logql.pipeline.row import ALL, Row, Step
from engine.logql.syntax.ast import LogfmtStage

_BOOLEANS: Final = frozenset(("true", "false"))
_WHOLE: Final = re.compile(r"[+-]?[0-9]{1,18}", re.ASCII)  # noqa: TID251 - ours, linear
_MOST_VALUES: Final = 1000
"""Of one field that are told apart."""


class Field(Struct):
    """Values in the order in which they were met; `parsers` that found it; empty where labels of lines brought it."""

    parsers: list[str] = field(default_factory=list)
    values: dict[str, None] = field(default_factory=dict)

    @property
    def kind(self) -> str:
        """By all its values: `int`, `float`, `boolean`, `duration`, `bytes` or `string`."""
        return next(name for name, holds in _KINDS.items() if all(map(holds, self.values)))


def fields(entries: Iterable[Entry], streams: Mapping[str, str]) -> dict[str, Field]:
    """By name. `streams` are the names of labels that streams have, which are no fields."""
    found: dict[str, Field] = {}
    readers = {"json": json_fields.Fields(ALL).run, "logfmt": logfmt.step_of(LogfmtStage(), ALL)}
    for entry in entries:
        for name, value in entry.labels:
            if name not in streams:
                _note(found, name, value, "")
        line = entry.line.encode(errors="replace")
        for parser, step in readers.items():
            parsed = _parsed(line, step)
            for name, value in parsed.items():
                _note(found, name, value, parser)
            if parsed:
                break
    return found


def _parsed(line: bytes, step: Step) -> Mapping[str, str]:
    """Nothing where the line is not in that format."""
    row = Row()
    row.begin(line, 0)
    step(row)
    return {} if row.error or not any(row.labels.values()) else row.labels


def _note(found: dict[str, Field], name: str, value: str, parser: str) -> None:
    one = found.setdefault(name, Field())
    if parser and parser not in one.parsers:
        one.parsers.append(parser)
    if len(one.values) < _MOST_VALUES:
        one.values[value] = None


def _reads(read: Callable[[str], object]) -> Callable[[str], bool]:
    def holds(text: str) -> bool:
        try:
            read(text)
        except ValueError:
            return False
        return True

    return holds


_KINDS: Final[Mapping[str, Callable[[str], bool]]] = MappingProxyType(
    {
        "boolean": _BOOLEANS.__contains__,
        "int": lambda text: _WHOLE.fullmatch(text) is not None,
        "float": _reads(parse_float),
        "duration": _reads(units.go_duration),
        "bytes": _reads(units.size),
        "string": lambda _text: True,
    }
)
"""The first that holds of all values."""
