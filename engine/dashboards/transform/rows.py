"""Transformations of rows: order, limits, conditions, groups."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from msgspec.structs import replace

from engine.dashboards.fields.names import calculated
from engine.dashboards.fields.reducers import REDUCERS, reduced
from engine.dashboards.frames.frame import Field, Frame, Kind, typed
from engine.dashboards.json import Json, at, flag, mapping, number, objects, text, texts, whole
from engine.dashboards.patterns import Pattern

Frames = Sequence[Frame]


def sort_by(frames: Frames, options: Json) -> list[Frame]:
    order = next(iter(objects(options.get("sort"))), {})
    name, down = text(order.get("field")), flag(order.get("desc"))
    return [_sorted(frame, frames, name, down) for frame in frames]


def _sorted(frame: Frame, frames: Frames, name: str, down: bool) -> Frame:
    by = find(frame, frames, name)
    if by is None:
        return frame
    values = by.plain()
    present = [row for row, value in enumerate(values) if value is not None]
    missing = [row for row, value in enumerate(values) if value is None]
    present.sort(key=lambda row: sortable(values[row]), reverse=down)
    return frame.take(present + missing if down else missing + present)


def sortable(value: Any) -> tuple[int, Any]:
    """Numbers before texts, so that any two values can be compared."""
    return (0, value) if isinstance(value, int | float) else (1, str(value).lower())


def find(frame: Frame, frames: Frames, name: str) -> Field | None:
    """The field that is shown, or called, so."""
    return next((one for one in frame.fields if name in (calculated(one, frame, frames), one.name)), None)


def limit(frames: Frames, options: Json) -> list[Frame]:
    count = whole(options.get("limitField"), 10)
    return [frame.take(range(min(count, len(frame)))) for frame in frames]


def filter_by_value(frames: Frames, options: Json) -> list[Frame]:
    """Rows for which all (or any) conditions hold are kept (or dropped)."""
    conditions, keeps = objects(options.get("filters")), text(options.get("type"), "include") == "include"
    together = all if text(options.get("match"), "any") == "all" else any
    made = []
    for frame in frames:
        tests = [(one, find(frame, frames, text(one.get("fieldName")))) for one in conditions]
        rows = []
        for row in range(len(frame)):
            held = [_holds(mapping(one.get("config")), by.at(row)) for one, by in tests if by is not None]
            if not held or together(held) == keeps:
                rows.append(row)
        made.append(frame.take(rows))
    return made


def _holds(config: Json, value: Any) -> bool:
    wanted, options = at(config, "options", "value"), mapping(config.get("options"))
    amount, limit_ = number(value), number(wanted)
    match text(config.get("id")):
        case "isNull":
            return value is None
        case "isNotNull":
            return value is not None
        case "regex":
            return value is not None and Pattern.of(str(wanted)).finds(str(value))
        case "equal":
            return value == wanted or (amount is not None and amount == limit_)
        case "notEqual":
            return not (value == wanted or (amount is not None and amount == limit_))
        case "range" | "between":
            low, high = number(options.get("from")), number(options.get("to"))
            return amount is not None and low is not None and high is not None and low < amount < high
        case other:
            return amount is not None and limit_ is not None and _compares(other, amount, limit_)


def _compares(name: str, value: float, limit_: float) -> bool:
    match name:
        case "greater":
            return value > limit_
        case "greaterOrEqual":
            return value >= limit_
        case "lower":
            return value < limit_
        case "lowerOrEqual":
            return value <= limit_
        case _:
            return False


def group_by(frames: Frames, options: Json) -> list[Frame]:
    """One row a group; each other field by the reducers that are named for it."""
    wanted = mapping(options.get("fields"))
    return [found for frame in frames if (found := _grouped(frame, frames, wanted)) is not None]


def _grouped(frame: Frame, frames: Frames, wanted: Json) -> Frame | None:
    named = [(mapping(wanted.get(calculated(one, frame, frames))), one) for one in frame.fields]
    keys = [one for how, one in named if how.get("operation") == "groupby"]
    if not keys:
        return None
    groups: dict[tuple[Any, ...], list[int]] = {}
    for row in range(len(frame)):
        groups.setdefault(tuple(key.at(row) for key in keys), []).append(row)
    columns = [replace(key.take([rows[0] for rows in groups.values()])) for key in keys]
    for how, one in named:
        if how.get("operation") != "aggregate":
            continue
        name = calculated(one, frame, frames)
        parts = [one.take(rows) for rows in groups.values()]
        for calc in texts(how.get("aggregations")):
            values = [reduced(part, calc) if calc in REDUCERS else _listed(part, calc) for part in parts]
            kind: Kind | None = "time" if one.kind == "time" and calc not in ("count", "distinctCount") else None
            columns.append(typed(f"{name} ({calc})", values, kind))
    return replace(frame, fields=tuple(columns))


def _listed(part: Field, calc: str) -> Any:
    values = part.plain()
    return list(dict.fromkeys(map(str, values))) if calc == "uniqueValues" else values
