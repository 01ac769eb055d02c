"""Transformations that make one frame of several: by a common field, below each other, beside each other."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from msgspec.structs import replace

from engine.dashboards.frames.frame import Field, Frame, numbers, typed
from engine.dashboards.frames.results import aligned
from engine.dashboards.json import Json, text
from engine.dashboards.transform.rows import find

Frames = Sequence[Frame]


def join_by_field(frames: Frames, options: Json) -> list[Frame]:
    """All fields on the values of one that all have; the time where none is named."""
    name, inner = text(options.get("byField")), text(options.get("mode"), "outer") == "inner"
    keyed = [(frame, key) for frame in frames if (key := _key(frame, frames, name)) is not None]
    if not keyed:
        return list(frames)
    if all(key.kind == "time" for _, key in keyed) and not inner:
        return [by_time([(frame, key) for frame, key in keyed])]
    return [_by_values(keyed, inner)]


def by_time(keyed: Sequence[tuple[Frame, Field]]) -> Frame:
    """Numbers on one axis of time; texts are carried along."""
    given = [(np.asarray(key.values), one) for frame, key in keyed for one in frame.fields if one is not key]
    axis, columns = aligned([(times, np.arange(len(times), dtype=np.float64)) for times, _ in given])
    fields = [replace(keyed[0][1], values=axis)]
    for (_, one), rows in zip(given, columns, strict=True):
        fields.append(_picked(one, rows))
    return Frame(tuple(fields), keyed[0][0].ref)


def _picked(one: Field, rows: Any) -> Field:
    """The field's values at these rows; nothing where a row is NaN."""
    here = ~np.isnan(rows)
    places = rows[here].astype(np.int64)
    if one.kind == "number":
        values = np.full(len(rows), np.nan)
        values[here] = np.asarray(one.values, dtype=np.float64)[places]
        return replace(one, values=values)
    plain, found = one.plain(), [None] * len(rows)
    for at, place in zip(np.flatnonzero(here).tolist(), places.tolist(), strict=True):
        found[at] = plain[place]
    return replace(one, values=found, kind="other" if one.kind == "time" else one.kind)


def _by_values(keyed: Sequence[tuple[Frame, Field]], inner: bool) -> Frame:
    index: dict[Any, int] = {}
    for _, key in keyed:
        for value in key.plain():
            index.setdefault(value, len(index))
    if inner:
        shared = set.intersection(*(set(key.plain()) for _, key in keyed))
        index = {value: at for at, value in enumerate([value for value in index if value in shared])}
    fields = [typed(keyed[0][1].name, list(index), keyed[0][1].kind)]
    for frame, key in keyed:
        places = {value: row for row, value in reversed(list(enumerate(key.plain())))}
        rows = np.array([places.get(value, np.nan) for value in index], dtype=np.float64)
        fields += [_picked(one, rows) for one in frame.fields if one is not key]
    return Frame(tuple(fields), keyed[0][0].ref)


def _key(frame: Frame, frames: Frames, name: str) -> Field | None:
    return (find(frame, frames, name) if name else None) or (
        frame.first("time") if not name or name == "Time" else None
    )


def merge(frames: Frames, _: Json) -> list[Frame]:
    """Rows below each other, those made one that agree in all fields that both have."""
    given = [frame for frame in frames if frame.fields]
    if len(given) < 2:
        return list(frames)
    names = list(dict.fromkeys(_merged_name(one) for frame in given for one in frame.fields))
    kinds = {_merged_name(one): one for frame in reversed(given) for one in frame.fields}
    shared = [name for name in names if all(name in {_merged_name(one) for one in frame.fields} for frame in given)]
    rows: list[dict[str, Any]] = []
    places: dict[tuple[Any, ...], list[int]] = {}
    for frame in given:
        columns = {_merged_name(one): one.plain() for one in frame.fields}
        for at in range(len(frame)):
            row = {name: values[at] for name, values in columns.items()}
            spot = places.setdefault(tuple(str(row[name]) for name in shared), [])
            home = next((place for place in spot if _agree(rows[place], row, shared)), None)
            if home is None:
                spot.append(len(rows))
                rows.append(row)
            else:
                rows[home] |= row
    fields = [_column(kinds[name], [row.get(name) for row in rows]) for name in names]
    return [Frame(tuple(fields), given[0].ref)]


def _merged_name(one: Field) -> str:
    return one.renamed or one.name


def _agree(before: dict[str, Any], row: dict[str, Any], shared: Sequence[str]) -> bool:
    """Rows of one frame that are alike in what is shared stay apart."""
    return all(before.get(name, value) == value for name, value in row.items() if name not in shared)


def _column(like: Field, values: list[Any]) -> Field:
    if like.kind == "number":
        return replace(like, values=numbers(values), labels={})
    made = typed(like.name, values, like.kind)
    return replace(made, renamed=like.renamed)


def concatenate(frames: Frames, _: Json) -> list[Frame]:
    """Beside each other, shorter ones filled with nothing."""
    given = [one for frame in frames for one in frame.fields]
    longest = max((len(one) for one in given), default=0)
    fields = [_column(one, one.plain() + [None] * (longest - len(one))) for one in given]
    return [Frame(tuple(fields), frames[0].ref if frames else "")]
