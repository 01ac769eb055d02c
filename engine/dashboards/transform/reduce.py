"""Transformations that make one row, or one value, of each series."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from engine.dashboards.fields.names import calculated
from engine.dashboards.fields.reducers import reduced, title
from engine.dashboards.frames.frame import Field, Frame, typed
from engine.dashboards.json import Json, flag, text, texts

Frames = Sequence[Frame]


def reduce_(frames: Frames, options: Json) -> list[Frame]:
    """`seriesToRows`: a row a field; `reduceFields`: each frame becomes one row."""
    calcs = texts(options.get("reducers")) or ["max"]
    if text(options.get("mode")) == "reduceFields":
        return [_to_one_row(frame, calcs, flag(options.get("includeTimeField"))) for frame in frames]
    wanted = [
        (frame, one)
        for frame in frames
        for one in frame.fields
        if one.kind != "time" or flag(options.get("includeTimeField"))
    ]
    with_labels = flag(options.get("labelsToFields"))
    names = sorted({name for _, one in wanted for name in one.labels}) if with_labels else []
    columns = [typed("Field", [_name(one, frame, frames, with_labels) for frame, one in wanted], "string")]
    columns += [typed(name, [one.labels.get(name) for _, one in wanted], "string") for name in names]
    columns += [typed(title(calc), [reduced(one, calc) for _, one in wanted]) for calc in calcs]
    return [Frame(tuple(columns), wanted[0][0].ref if wanted else "")]


def _name(one: Field, frame: Frame, frames: Frames, bare: bool) -> str:
    return one.name if bare and one.labels else calculated(one, frame, frames)


def _to_one_row(frame: Frame, calcs: Sequence[str], with_time: bool) -> Frame:
    fields = []
    for one in frame.fields:
        if one.kind == "time" and not with_time:
            continue
        for calc in calcs:
            name = one.name if len(calcs) == 1 else f"{one.name} {title(calc)}"
            made = typed(name, [reduced(one, calc)])
            fields.append(replace(made, labels=one.labels, source_name=one.source_name if len(calcs) == 1 else ""))
    return replace(frame, fields=tuple(fields))


def series_to_rows(frames: Frames, _: Json) -> list[Frame]:
    """All samples below each other: time, the series' name, the value."""
    times: list[int] = []
    names: list[str] = []
    values: list[float | None] = []
    for frame in frames:
        time = frame.first("time")
        for one in frame.all("number"):
            if time is not None:
                times += time.plain()
                values += one.plain()
                names += [calculated(one, frame, frames)] * len(one)
    rows = sorted(range(len(times)), key=lambda row: -times[row])
    found = Frame((typed("Time", times, "time"), typed("Metric", names, "string"), typed("Value", values, "number")))
    return [found.take(rows)]
