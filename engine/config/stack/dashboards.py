"""Dashboards: queries that do not parse, in whatever way their variables are filled in.

A variable may be a name, a number, a duration or a function. One in a string or between brackets is clear; for others
all kinds are tried, and a query is wrong only where none of them parses.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Mapping
from pathlib import Path as File
from typing import Any, Final

import msgspec
from msgspec import Struct

from engine.foundation.errors import EngineError
from promql.syntax.parser import parse

_VARIABLE: Final = re.compile(r"\$\{(\w+)(?:[:.][^}]*)?\}|\[\[(\w+)(?::\w+)?\]\]|\$(\w+)")  # noqa: TID251 - ours, linear
_STRING: Final = re.compile(r'"(?:[^"\\]|\\.)*"|\'(?:[^\'\\]|\\.)*\'|`[^`]*`')  # noqa: TID251 - ours, linear
_NUMBERS: Final = ("__interval_ms", "__range_s", "__range_ms", "__from", "__to")
_KINDS: Final = ("x", "1", "5m", "sum")
_MOST: Final = 3  # variables of which all kinds are tried together
_OTHER_LANGUAGES: Final = ("loki", "elastic", "influx", "graphite", "tempo", "cloudwatch", "sql")


class Query(Struct, frozen=True):
    """One query of a panel. `where` names the panel for people."""

    where: str
    text: str


def is_dashboard(content: Any) -> bool:
    return isinstance(content, Mapping) and (isinstance(content.get("panels"), list) or "rows" in content)


def read(body: bytes) -> Any:
    """The content of a dashboard's file; None where it is no JSON."""
    try:
        found = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
    return found.get("dashboard", found) if isinstance(found, dict) else found


def named(title: Any, number: Any) -> str:
    """How findings call a panel: by its number where it has no title."""
    return f'panel "{title}"' if title else f"panel {number}"


def queries(board: Mapping[str, Any]) -> Iterator[Query]:
    """All that are asked of Prometheus."""
    for panel in _panels(board):
        if _is_foreign(panel.get("datasource")):
            continue
        for target in _objects(panel.get("targets")):
            text = target.get("expr")
            if isinstance(text, str) and text.strip() and not _is_foreign(target.get("datasource")):
                where = named(panel.get("title"), panel.get("id"))
                yield Query(f"{where}, query {target.get('refId', '')}", text)


def fault(text: str) -> str:
    """Why a query does not parse; nothing where it does with some values of its variables."""
    said = ""
    for candidate in _filled(text):
        try:
            parse(candidate)
        except EngineError as error:
            said = said or str(error)
        else:
            return ""
    return said


def place(body: bytes, text: str) -> tuple[int, int]:
    """Line and column of a text in JSON, from 1; the beginning where it is written in an unusual way."""
    at = body.find(msgspec.json.encode(text))
    if at < 0:
        return 1, 1
    return body.count(b"\n", 0, at) + 1, at - (body.rfind(b"\n", 0, at) + 1) + 1


def folder_boards(folder: File) -> Iterator[File]:
    """Files that may be dashboards."""
    yield from sorted(file for file in folder.rglob("*.json") if file.is_file())


def _panels(board: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    for holder in (board, *_objects(board.get("rows"))):
        for panel in _objects(holder.get("panels")):
            yield panel
            yield from _objects(panel.get("panels"))


def _objects(found: Any) -> list[Mapping[str, Any]]:
    """The objects in a list; none in what is no list, since a file may hold anything."""
    return [one for one in found if isinstance(one, Mapping)] if isinstance(found, list) else []


def _is_foreign(datasource: Any) -> bool:
    """Whether another language is spoken there."""
    named = datasource if isinstance(datasource, str) else ""
    if isinstance(datasource, Mapping):
        named = f"{datasource.get('type', '')} {datasource.get('uid', '')}"
    return any(name in named.lower() for name in _OTHER_LANGUAGES)


def _filled(text: str) -> Iterator[str]:
    """The query with values for its variables, in all kinds."""
    text = _STRING.sub(lambda found: _VARIABLE.sub("x", found[0]), text)
    text = re.sub(r"\[[^\[\]]*\]", _brackets, text)
    names = list(dict.fromkeys(_name(found) for found in _VARIABLE.finditer(text)))
    for kinds in itertools.product(_KINDS, repeat=min(len(names), _MOST)):
        values = dict(zip(names, kinds, strict=False))
        yield _VARIABLE.sub(lambda found: _value(_name(found), values), text)  # noqa: B023 - used at once


def _brackets(found: re.Match[str]) -> str:
    return _VARIABLE.sub("5m", found[0])


def _value(name: str, values: Mapping[str, str]) -> str:
    if name in _NUMBERS:
        return "300"
    return "5m" if name.startswith("__") else values.get(name, "x")


def _name(found: re.Match[str]) -> str:
    return found[1] or found[2] or found[3]
