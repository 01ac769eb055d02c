"""What a field is called where it is shown."""

from __future__ import annotations

from collections.abc import Sequence

from engine.dashboards.frames.frame import Field, Frame
from engine.dashboards.variables.interpolate import interpolate
from engine.dashboards.variables.value import Lookup, Value, chained

_VALUE_NAMES = ("Value", "value", "")


def calculated(one: Field, frame: Frame, frames: Sequence[Frame]) -> str:
    """Without a name of the panel's own: the source's, or the frame's and labels where these tell fields apart."""
    if one.renamed:
        return one.renamed
    if one.source_name:
        return one.source_name
    if one.kind == "time" and not one.labels:
        return one.name or "Time"
    own = "" if one.name in _VALUE_NAMES else one.name
    labels = ", ".join(f'{name}="{value}"' for name, value in sorted(one.labels.items()) if name != "__name__")
    if labels:
        name = own or one.labels.get("__name__", "")
        return f"{name}{{{labels}}}" if len(frames) > 1 or not name else name
    if frame.name and len(frame.all(one.kind)) == 1:
        return frame.name
    return own or one.labels.get("__name__", "") or one.name


def shown(written: str, one: Field, frame: Frame, name: str, lookup: Lookup) -> str:
    """A panel's own name: `${__field.labels.job}`, `${__field.name}`, `${__series.name}`, and variables."""
    if not written:
        return name
    return interpolate(written, chained(of_field(one, frame, name), lookup))


def of_field(one: Field, frame: Frame, name: str) -> Lookup:
    labels = {f"labels.{key}": value for key, value in one.labels.items()}
    labels |= {f'labels["{key}"]': value for key, value in one.labels.items()}
    every = ", ".join(f"{key}={value}" for key, value in sorted(one.labels.items()))
    found = {
        "__field": Value.one(name),
        "__series": Value.one(name),
    }
    parts = {**labels, "name": one.name, "displayName": name, "labels": every}
    return lambda asked: Value(found[asked].values, parts=parts) if asked in found else _cell(asked, frame)


def _cell(asked: str, frame: Frame) -> Value | None:
    if asked.startswith("__cell_") and asked[7:].isdigit() and int(asked[7:]) < len(frame.fields):
        cell = frame.fields[int(asked[7:])]
        return Value.one("" if not len(cell) else str(cell.at(0)))
    return None
