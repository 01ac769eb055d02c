"""Lines, bars and points over time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from msgspec import Struct

from engine.dashboards.draw.scene import Formats, Scene, calculations, compact, finite, hidden, legend, tooltip
from engine.dashboards.fields.config import Config
from engine.dashboards.fields.display import Shown, with_color
from engine.dashboards.frames.frame import numbers
from engine.dashboards.frames.results import aligned
from engine.dashboards.json import Json, at, flag, mapping, number, text


class _Axis(Struct, frozen=True):
    """What tells axes apart: fields of one unit and side share one."""

    side: str
    label: str
    unit: str
    low: float | None
    high: float | None
    log: int


def draw(scene: Scene) -> dict[str, Any]:
    shown, times, columns = _columns(scene)
    formats, axes = Formats(), dict[_Axis, dict[str, Any]]()
    series = []
    for one, values in zip(shown, columns, strict=True):
        axis = _axis(one, axes, formats, scene)
        series.append(_series(one, values, axis, formats.place(one.config), scene))
    first = next((one for one in shown if at(one.config.custom, "thresholdsStyle", "mode") not in (None, "off")), None)
    return {
        "times": times.tolist(),
        "series": series,
        "axes": list(axes.values()),
        "legend": legend(scene.options),
        "tooltip": tooltip(scene.options),
        "thresholds": _thresholds(first),
        "formats": formats.found,
    }


def _columns(scene: Scene) -> tuple[list[Shown], Any, list[Any]]:
    """All number fields that have a time, on one axis."""
    given: list[tuple[Shown, Any, Any]] = []
    for row in scene.rows:
        time = next((one for one in row if one.field.kind == "time"), None)
        if time is None:
            continue
        for one in row:
            if one.field.kind in ("number", "boolean"):
                values = one.field.values if one.field.kind == "number" else numbers(one.field.plain())
                given.append((with_color(one, "palette-classic"), np.asarray(time.field.values), np.asarray(values)))
    times, columns = aligned([(time, values) for _, time, values in given])
    return [one for one, _, _ in given], times, columns


def _series(one: Shown, values: Any, axis: int, place: int, scene: Scene) -> dict[str, Any]:
    custom = one.config.custom
    stacking, gradient = mapping(custom.get("stacking")), text(custom.get("gradientMode"), "none")
    negate = text(custom.get("transform")) == "negative-Y"
    if custom.get("nullAsZero"):
        values = np.where(np.isnan(values), 0.0, values)
    if negate:
        values = -values
    mode = text(stacking.get("mode"), "none")
    return {
        "name": one.name,
        "refId": one.frame.ref,
        "labels": dict(one.field.labels),
        "values": compact(values),
        "axis": axis,
        "format": place,
        "color": one.series_color(),
        "hidden": hidden(one, "viz"),
        "style": text(custom.get("drawStyle"), "line"),
        "width": number(custom.get("lineWidth", 1)) or 0,
        "fill": (number(custom.get("fillOpacity")) or 0) / 100,
        "gradient": gradient,
        "points": text(custom.get("showPoints"), "auto"),
        "pointSize": number(custom.get("pointSize")) or 5,
        "shape": text(custom.get("lineInterpolation"), "linear"),
        "dash": _dash(mapping(custom.get("lineStyle"))),
        "spanNulls": custom.get("spanNulls") or False,
        "stack": "" if mode == "none" else _stack(custom, values),
        "percent": mode == "percent",
        "negate": negate,
        "fillBelow": text(custom.get("fillBelowTo")),
        "legend": calculations(one, scene.options),
        "inLegend": not hidden(one, "legend"),
        "inTooltip": not hidden(one, "tooltip"),
    }


def _stack(custom: Json, values: Any) -> str:
    """Which stack it is part of: groups, ways of drawing, and what lies below zero are stacked apart."""
    side = "below" if np.any(values < 0) else "above"
    style = f"{custom.get('drawStyle')} {custom.get('lineInterpolation')}"
    return f"{mapping(custom.get('stacking')).get('group')} {style} {side}"


def _dash(style: Json) -> list[float]:
    fill, given = text(style.get("fill"), "solid"), style.get("dash")
    if fill == "solid":
        return []
    if isinstance(given, list) and given:
        return [value for one in given if (value := number(one)) is not None]
    return [0, 10] if fill == "dot" else [10, 10]


def _axis(one: Shown, axes: dict[_Axis, dict[str, Any]], formats: Formats, scene: Scene) -> int:
    custom, own = one.config.custom, _own_bounds(one, scene)
    unit = "percentunit" if _stacked_percent(one) else one.config.unit
    side = {"right": "right", "hidden": "none"}.get(text(custom.get("axisPlacement")), "")
    scale = mapping(custom.get("scaleDistribution"))
    log = int(number(scale.get("log")) or 2) if text(scale.get("type")) == "log" else 0
    if not side:
        others = [axis for axis in axes if axis.side == "left"]
        side = "right" if text(custom.get("axisPlacement")) != "left" and others and not any(
            axis.unit == unit for axis in others
        ) else "left"  # fmt: skip
    key = _Axis(side, text(custom.get("axisLabel")), unit, own[0], own[1], log)
    if key not in axes:
        axes[key] = {
            "side": key.side,
            "label": scene.words(key.label),
            "format": formats.place(_bare(one.config, unit)),
            "min": finite(key.low),
            "max": finite(key.high),
            "softMin": number(custom.get("axisSoftMin")),
            "softMax": number(custom.get("axisSoftMax")),
            "log": key.log,
            "center": flag(custom.get("axisCenteredZero")),
            "grid": flag(custom.get("axisGridShow"), True),
            "width": number(custom.get("axisWidth")),
        }
    return list(axes).index(key)


def _stacked_percent(one: Shown) -> bool:
    """Its axis tells parts of a whole then, whatever its values are."""
    return text(at(one.config.custom, "stacking", "mode")) == "percent"


def _bare(config: Config, unit: str) -> Config:
    return Config(unit=unit, decimals=config.decimals, mappings=config.mappings)


def _own_bounds(one: Shown, scene: Scene) -> tuple[float | None, float | None]:
    """Bounds that somebody wrote: those of the values are left to the browser, which zooms."""
    defaults, found = mapping(scene.panel.field_config.get("defaults")), one.config
    written = {text(p.get("id")) for p in _all_properties(scene)} | {
        key for key in ("min", "max") if defaults.get(key) is not None
    }
    return found.low if "min" in written else None, found.high if "max" in written else None


def _all_properties(scene: Scene) -> Sequence[Json]:
    overrides = scene.panel.field_config.get("overrides")
    given = overrides if isinstance(overrides, list) else []
    return [p for one in given if isinstance(one, dict) for p in one.get("properties") or [] if isinstance(p, dict)]


def _thresholds(one: Shown | None) -> dict[str, Any]:
    if one is None:
        return {"style": "off", "steps": []}
    steps = one.config.thresholds.absolute(one.config.low or 0.0, one.config.high or 100.0)
    return {
        "style": text(at(one.config.custom, "thresholdsStyle", "mode"), "line"),
        "steps": [{"value": finite(step.value), "color": step.color} for step in steps],
    }
