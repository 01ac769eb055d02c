"""Labels as fields, fields out of texts, and fields that are computed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import msgspec
import numpy as np
from msgspec.structs import replace
from numpy.typing import NDArray

from engine.dashboards.fields.names import calculated
from engine.dashboards.fields.reducers import REDUCERS, title
from engine.dashboards.frames.frame import Field, Frame, typed
from engine.dashboards.json import Json, at, flag, mapping, number, text, texts
from engine.dashboards.patterns import Pattern
from engine.dashboards.transform.join import by_time, merge
from engine.dashboards.transform.rows import find

Frames = Sequence[Frame]


def labels_to_fields(frames: Frames, options: Json) -> list[Frame]:
    """A column a label, then all below each other; or a table of labels and their values."""
    kept, name_of = texts(options.get("keepLabels")), text(options.get("valueLabel"))
    if text(options.get("mode")) == "rows":
        return _label_rows(frames, kept)
    made = []
    for frame in frames:
        labels: dict[str, str] = {}
        fields = []
        for one in frame.fields:
            labels |= one.labels
            renamed = one.labels.get(name_of, "") if name_of else ""
            fields.append(replace(one, labels={}, source_name="", name=renamed or one.name))
        told = [(name, value) for name, value in labels.items() if name != name_of and (not kept or name in kept)]
        columns = [Field(name, "string", [value] * len(frame)) for name, value in told]
        time = [one for one in fields if one.kind == "time"]
        made.append(replace(frame, fields=(*time, *columns, *(one for one in fields if one.kind != "time"))))
    return merge(made, {})


def _label_rows(frames: Frames, kept: Sequence[str]) -> list[Frame]:
    pairs = [
        pair for frame in frames for one in frame.fields for pair in one.labels.items() if not kept or pair[0] in kept
    ]
    return [Frame((typed("label", [n for n, _ in pairs], "string"), typed("value", [v for _, v in pairs], "string")))]


def extract_fields(frames: Frames, options: Json) -> list[Frame]:
    """Columns out of a text: JSON, `key=value` pairs, or a pattern's groups."""
    source, form = text(options.get("source")), text(options.get("format"), "auto")
    made = []
    for frame in frames:
        one = find(frame, frames, source) if source else None
        if one is None:
            made.append(frame)
            continue
        found = [_read(value, form, text(options.get("regExp"))) for value in one.plain()]
        names = list(dict.fromkeys(name for row in found for name in row))
        new = tuple(typed(name, [row.get(name) for row in found]) for name in names)
        made.append(replace(frame, fields=new if flag(options.get("replace")) else (*frame.fields, *new)))
    return made


_PAIR: Final = Pattern.of(r'/([\w.]+)\s*[=:]\s*(?:"([^"]*)"|([^\s,;]+))/g')


def _read(value: Any, form: str, pattern: str) -> Json:
    if isinstance(value, dict):
        return value
    if not isinstance(value, str):
        return {}
    if form == "regexp":
        return {name: group for found in Pattern.of(pattern).all(value) for name, group in found.named.items()}
    if form in ("json", "auto"):
        try:
            return mapping(msgspec.json.decode(value))
        except msgspec.DecodeError:
            if form == "json":
                return {}
    return {found.groups[0]: found.groups[1] or found.groups[2] for found in _PAIR.all(value)}


def calculate_field(frames: Frames, options: Json) -> list[Frame]:
    """A new field, of two fields or of each row; on a common axis of time where frames are apart."""
    joined = _joined(frames)
    return [_calculated(frame, joined, options) for frame in joined]


def _joined(frames: Frames) -> list[Frame]:
    keyed = [(frame, time) for frame in frames if (time := frame.first("time")) is not None]
    return [by_time(keyed)] if len(frames) > 1 and len(keyed) == len(frames) else list(frames)


def _calculated(frame: Frame, frames: Frames, options: Json) -> Frame:
    mode = text(options.get("mode"), "reduceRow")
    match mode:
        case "binary":
            name, values = _binary(frame, frames, mapping(options.get("binary")))
        case "reduceRow":
            name, values = _reduced_rows(frame, frames, mapping(options.get("reduce")))
        case "index":
            name, values = "Row", np.arange(len(frame), dtype=np.float64)
        case "unary":
            name, values = _unary(frame, frames, mapping(options.get("unary")))
        case _:
            return frame
    if values is None:
        return frame
    made = Field(text(options.get("alias")) or name, "number", values)
    kept = (
        tuple(one for one in frame.fields if one.kind == "time") if flag(options.get("replaceFields")) else frame.fields
    )
    return replace(frame, fields=(*kept, made))


Floats = NDArray[np.float64]
_OPERATORS: Final[Mapping[str, Callable[[Any, Any], Any]]] = {
    "+": np.add, "-": np.subtract, "*": np.multiply, "/": np.divide, "**": np.power, "%": np.fmod,
}  # fmt: skip
_UNARY: Final[Mapping[str, Callable[[Any], Any]]] = {
    "abs": np.abs, "exp": np.exp, "ln": np.log, "floor": np.floor, "ceil": np.ceil, "round": np.round,
}  # fmt: skip


def _binary(frame: Frame, frames: Frames, given: Json) -> tuple[str, Floats | None]:
    left, right = _side(frame, frames, given.get("left")), _side(frame, frames, given.get("right"))
    operator = text(given.get("operator"), "+")
    if left is None or right is None or operator not in _OPERATORS:
        return "", None
    with np.errstate(all="ignore"):
        values = np.broadcast_to(_OPERATORS[operator](left[1], right[1]), (len(frame),)).astype(np.float64)
    return f"{left[0]} {operator} {right[0]}", np.where(np.isfinite(values), values, np.nan)


def _unary(frame: Frame, frames: Frames, given: Json) -> tuple[str, Floats | None]:
    side, name = _side(frame, frames, given.get("fieldName")), text(given.get("operator"), "abs")
    if side is None or name not in _UNARY:
        return "", None
    with np.errstate(all="ignore"):
        return f"{name}({side[0]})", np.asarray(_UNARY[name](side[1]), dtype=np.float64)


def _side(frame: Frame, frames: Frames, given: Any) -> tuple[str, Any] | None:
    """A field's values, or a number."""
    if isinstance(given, dict):
        options = at(given, "matcher", "options")
        given = options if isinstance(options, str) else given.get("fixed")
    one = find(frame, frames, str(given)) if given is not None else None
    if one is not None and one.kind in ("number", "time"):
        return calculated(one, frame, frames), np.asarray(one.values, dtype=np.float64)
    value = number(given)
    return None if value is None else (str(given), value)


def _reduced_rows(frame: Frame, frames: Frames, given: Json) -> tuple[str, Floats | None]:
    wanted, calc = texts(given.get("include")), text(given.get("reducer"), "sum")
    columns = [
        np.asarray(one.values, dtype=np.float64)
        for one in frame.all("number")
        if not wanted or calculated(one, frame, frames) in wanted or one.name in wanted
    ]
    reduce_ = REDUCERS.get(calc)
    if not columns or reduce_ is None:
        return "", None
    rows = np.stack(columns, axis=1)
    return title(calc), np.array([np.nan if (v := reduce_(row)) is None else v for row in rows], dtype=np.float64)
