"""Lines of logs for people, and for programs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final

import click
from msgspec import Struct, json

from engine.gotemplate.layout import RFC3339_NANO
from engine.gotemplate.times import GoTime
from promql.model.labels import Labels

_SHOWN: Final = "2006-01-02 15:04:05.000"
_COLOURS: Final = {
    "critical": "red", "crit": "red", "fatal": "red", "panic": "red", "error": "red", "err": "red", "warning": "yellow",
    "warn": "yellow", "debug": "bright_black", "trace": "bright_black",
}  # fmt: skip
_LEVELS: Final = ("level", "lvl", "severity", "detected_level")


class Line(Struct, frozen=True):
    """`time` in Unix ns."""

    time: int
    labels: Mapping[str, str]
    text: str


def lines(streams: Iterable[Mapping[str, Any]]) -> list[Line]:
    """Of an answer's streams, in order of time."""
    found = [Line(int(value[0]), one["stream"], value[1]) for one in streams for value in one["values"]]
    return sorted(found, key=lambda line: line.time)


def as_json(found: Iterable[Line]) -> Iterator[str]:
    """One object a line."""
    for line in found:
        time = GoTime(line.time).format(RFC3339_NANO)
        yield json.encode({"time": time, "labels": dict(line.labels), "line": line.text}).decode()


def for_people(found: Iterable[Line]) -> Iterator[str]:
    """In colours: times, labels, and lines by their level."""
    for line in found:
        time = click.style(GoTime(line.time).format(_SHOWN), dim=True)
        labels = click.style(str(Labels.of(line.labels)), fg="cyan")
        level = next((line.labels[name].lower() for name in _LEVELS if name in line.labels), "")
        yield f"{time} {labels} {click.style(_printable(line.text), fg=_COLOURS.get(level))}"


def _printable(text: str) -> str:
    """Without what would move the cursor or change the terminal: a line may come from anybody."""
    return "".join(char if char.isprintable() or char in "\t\n" else f"\\x{ord(char):02x}" for char in text)


Shown = Callable[[Iterable[Line]], Iterator[str]]
