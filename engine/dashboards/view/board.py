"""A dashboard's answer: its variables with their options, and where each panel stands, repetitions among them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from msgspec.structs import replace

from engine.dashboards.fields.colors import hexed
from engine.dashboards.json import Json, flag, text, texts
from engine.dashboards.migrate.grid import COLUMNS
from engine.dashboards.model import Board, Panel, Place
from engine.dashboards.times import shifted
from engine.dashboards.variables.formats import readable
from engine.dashboards.variables.interpolate import interpolate
from engine.dashboards.variables.options import Resolved
from engine.dashboards.variables.value import Lookup, Value, chained
from engine.dashboards.view.adhoc import read
from engine.dashboards.view.asked import Asked
from engine.dashboards.view.panel import Desk, repeated
from engine.dashboards.view.places import in_order, settled
from engine.dashboards.view.resolving import Resolver

_MOST: Final = 60
"""Repetitions of one panel; more would be no picture."""


async def view(asking: Asked, desk: Desk, more: Mapping[str, Any]) -> dict[str, Any]:
    """The JSON of `/api/engine/dashboards/UID`; `more` is what only the library knows."""
    resolver = Resolver(asking, desk.shelf)
    variables = await resolver.all()
    board, now = asking.board, desk.clock.now_ms()
    told = [_panel(one, resolver.lookup, asking, now) for one in laid_out(board.panels, resolver.values)]
    return {
        "uid": board.uid,
        "title": board.title,
        "description": board.description,
        "tags": list(board.tags),
        "version": board.version,
        "timezone": board.timezone,
        "from": asking.within.written[0] or board.time_from,
        "to": asking.within.written[1] or board.time_to,
        "refresh": board.refresh,
        "intervals": list(board.intervals),
        "weekStart": board.week_start,
        "crosshair": board.crosshair,
        "links": [_link(one, resolver.lookup) for one in board.links],
        "variables": [_variable(one, resolver.values.get(one.variable.name, one.value), asking) for one in variables],
        "annotations": [_annotation(one) for one in board.annotations if not flag(one.get("builtIn") == 1)],
        "panels": told,
        "notes": notes(board),
        **more,
    }


def notes(board: Board) -> list[str]:
    """What is not as Grafana draws it."""
    found = [f"{one.title or one.type}: {note}" for one in board.every() for note in one.notes]
    return list(dict.fromkeys(found))


def _variable(one: Resolved, value: Value, asking: Asked) -> dict[str, Any]:
    variable = one.variable
    filters = asking.filters.get(variable.name) or read(variable.raw.get("filters"))
    chosen = ["$__all"] if one.value.is_all else list(one.value.values)
    return {
        "name": variable.name,
        "label": variable.label or variable.name,
        "kind": variable.kind,
        "hidden": 2 if variable.kind == "constant" else variable.hidden,
        "multi": variable.multi,
        "all": variable.include_all,
        "value": chosen,
        "text": value.text if variable.kind == "interval" else one.value.text,
        "isAll": one.value.is_all,
        "options": [{"text": shown, "value": given} for shown, given in one.options],
        "filters": [{"key": f.key, "operator": f.operator, "value": f.value} for f in filters],
        "problem": one.problem,
    }


def _annotation(one: Json) -> dict[str, Any]:
    return {
        "name": text(one.get("name")), "color": hexed(text(one.get("iconColor"), "blue")),
        "enabled": flag(one.get("enable"), True), "hidden": flag(one.get("hide")),
    }  # fmt: skip


def _link(one: Json, lookup: Lookup) -> dict[str, Any]:
    return {
        "title": interpolate(text(one.get("title")), lookup, readable),
        "url": interpolate(text(one.get("url")), lookup),
        "kind": text(one.get("type"), "link"),
        "tags": texts(one.get("tags")),
        "newTab": flag(one.get("targetBlank")),
        "keepTime": flag(one.get("keepTime")),
        "keepVariables": flag(one.get("includeVars")),
        "tooltip": text(one.get("tooltip")),
        "asDropdown": flag(one.get("asDropdown")),
    }


def _panel(one: Panel, lookup: Lookup, asking: Asked, now: int) -> dict[str, Any]:
    here = chained({name: Value.one(value) for name, value in one.scope.items()}.get, lookup)
    found: dict[str, Any] = {
        "key": one.key,
        "id": one.id,
        "kind": one.kind,
        "type": one.type,
        "title": interpolate(one.title, here, readable),
        "description": interpolate(one.description, here, readable),
        "x": one.place.x,
        "y": one.place.y,
        "w": one.place.w,
        "h": one.place.h,
        "transparent": one.transparent,
        "scope": dict(one.scope),
        "links": [
            {
                "title": interpolate(text(link.get("title")), here, readable),
                "url": url,
                "newTab": flag(link.get("targetBlank")),
            }
            for link in one.links
            if not (url := interpolate(text(link.get("url")), here)).lower().lstrip().startswith("javascript:")
        ],
        "timeInfo": "",
        "notes": list(one.notes),
    }
    if (one.time_from or one.time_shift) and not one.hide_time:
        own = [interpolate(written, here) for written in (one.time_from, one.time_shift)]
        found["timeInfo"] = shifted(asking.within, own[0], own[1], now, asking.board.zone)[1]
    if one.kind == "row":
        found |= {"collapsed": one.collapsed, "panels": [_panel(inner, lookup, asking, now) for inner in one.panels]}
    return found


def laid_out(panels: Sequence[Panel], values: Mapping[str, Value]) -> list[Panel]:
    """Panels in drawing order, repeated for each value of the variable that they name; what is below moves down."""
    return settled(_repetitions(panels, values))


def _repetitions(panels: Sequence[Panel], values: Mapping[str, Value]) -> list[Panel]:
    found: list[Panel] = []
    moved = 0
    for section in _sections(in_order(panels)):
        head = section[0]
        scopes = _scopes(head.repeat, values) if head.kind == "row" and head.repeat else [{}]
        for number, scope in enumerate(scopes):
            if number:
                moved += _height(section)
            moved += _section(section, scope, values, found, moved)
    return found


def _height(panels: Sequence[Panel]) -> int:
    return max((one.place.y + one.place.h for one in panels), default=0) - min(
        (one.place.y for one in panels), default=0
    )


def _sections(panels: Sequence[Panel]) -> list[list[Panel]]:
    """A row and what follows it; first what stands before any row."""
    found: list[list[Panel]] = [[]]
    for one in panels:
        if one.kind == "row":
            found.append([])
        found[-1].append(one)
    return [one for one in found if one]


def _section(
    rows: Sequence[Panel], scope: Mapping[str, str], values: Mapping[str, Value], found: list[Panel], moved: int
) -> int:
    """Adds a section's panels; gives by how much its repetitions made it higher."""
    grown = 0
    for one in rows:
        here = repeated(one, scope)
        place = replace(one.place, y=one.place.y + moved + grown)
        here = replace(here, place=place)
        if one.kind == "row":
            inner = laid_out(one.panels, values)
            found.append(replace(here, panels=tuple(repeated(p, scope) for p in inner)))
        elif one.repeat:
            copies = _copies(here, _scopes(one.repeat, values))
            found += copies
            grown += max(_height(copies) - one.place.h, 0)
        else:
            found.append(here)
    return grown


def _copies(one: Panel, scopes: Sequence[Mapping[str, str]]) -> list[Panel]:
    """Side by side, each as wide as fits, or below each other."""
    copies, count = [], len(scopes)
    if one.repeats_down:
        for index, scope in enumerate(scopes):
            place = replace(one.place, y=one.place.y + index * one.place.h)
            copies.append(replace(repeated(one, scope), place=place))
        return copies
    per_row = max(min(count, one.per_row), 1)
    wide = COLUMNS // per_row
    for index, scope in enumerate(scopes):
        line, column = divmod(index, per_row)
        place = Place(column * wide, one.place.y + line * one.place.h, wide, one.place.h)
        copies.append(replace(repeated(one, scope), place=place))
    return copies


def _scopes(name: str, values: Mapping[str, Value]) -> list[Mapping[str, str]]:
    """One for each value; as it is where the variable has none."""
    value = values.get(name)
    found = [one for one in (value.values if value is not None else ()) if one]
    return [{name: one} for one in found[:_MOST]] or [{}]
