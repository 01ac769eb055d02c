"""Failures as a person reads them: expected and got side by side, line by line, with a mark where they differ."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from typing import Final

from engine.testing.rules.verdicts import Failure, Pair, Thing

NOTHING: Final = "nothing"
_DIFFERS: Final = "≠"
_NARROWEST: Final = 24


def render(failures: Sequence[Failure], width: int = 100) -> Iterator[str]:
    """Lines of at most `width` characters, where a column can be narrow enough for it."""
    for failure in failures:
        yield f"{failure.what}:"
        if failure.reason:
            yield from (f"  {line}" for line in failure.reason.splitlines())
        if failure.pairs:
            yield from (f"  {line}" for line in _table(failure.pairs, width - 2))


def _table(pairs: Sequence[Pair], width: int) -> Iterator[str]:
    rows = [("expected", "got", " "), *(row for pair in pairs for row in _rows(pair))]
    room = max((width - 3) // 2, _NARROWEST)
    left = min(max(len(row[0]) for row in rows), room)
    right = max(width - 3 - left, _NARROWEST)
    for expected, got, mark in rows:
        columns = [_wrapped(expected, left), _wrapped(got, right)]
        for at in range(max(map(len, columns))):
            one, other = (column[at] if at < len(column) else "" for column in columns)
            yield f"{one:<{left}} {mark if at == 0 else ' '} {other}".rstrip()


def _wrapped(text: str, room: int) -> list[str]:
    return textwrap.wrap(text, room, subsequent_indent="    ", drop_whitespace=False) or [""]


def _rows(pair: Pair) -> Iterator[tuple[str, str, str]]:
    """A row for each label, annotation and value; those on both sides share one."""
    left, right = (_lines(thing) for thing in (pair.expected, pair.got))
    if not left or not right:
        shown = left or right
        for at, text in enumerate(shown.values()):
            nothing = NOTHING if at == 0 else ""
            yield (text, nothing, _DIFFERS) if left else (nothing, text, _DIFFERS)
        return
    for key in left | right:
        one, other = left.get(key, ""), right.get(key, "")
        yield one, other, " " if one == other and (pair.same or key != "value") else _DIFFERS


def _lines(thing: Thing | None) -> dict[str, str]:
    """What stands in a column, by what it is about."""
    if thing is None:
        return {}
    kind = "alert" if thing.value is None else "sample"
    lines = {"": f"{kind} {_named(thing)}"}
    for key, text in thing.lines().items():
        what, _, name = key.partition(" ")
        if what == "value":
            lines[key] = f"  {text}"
        elif what == "annotation":
            lines[key] = f"  annotation {name}: {text}"
        elif name not in ("alertname", "__name__"):
            lines[key] = f"  {name}={text}"
    return lines


def _named(thing: Thing) -> str:
    return thing.labels.get("alertname", "") or thing.labels.get("__name__", "") or "without a name"
