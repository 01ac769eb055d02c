"""The old `graph` panel as `timeseries`; those of other axes as `barchart` and `histogram`."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Final

from engine.dashboards.json import Json, at, child, flag, items, mapping, number, objects, text

_CALCS: Final = (("min", "min"), ("max", "max"), ("avg", "mean"), ("current", "lastNotNull"), ("total", "sum"))
_OLD_KEYS: Final = (
    "aliasColors", "bars", "dashLength", "dashes", "fill", "fillGradient", "grid", "hiddenSeries", "legend", "lines",
    "linewidth", "nullPointMode", "percentage", "pointradius", "points", "renderer", "seriesOverrides", "spaceLength",
    "stack", "steppedLine", "thresholds", "timeRegions", "tooltip", "xaxis", "yaxes", "yaxis", "x-axis", "y-axis",
    "y_formats", "leftYAxisLabel", "rightYAxisLabel",
)  # fmt: skip
_SORTS: Final = ("none", "asc", "desc")


def to_timeseries(panel: Json) -> None:
    """Law: an option that has no counterpart is dropped; one that has keeps its look."""
    mode = at(panel, "xaxis", "mode")
    defaults, custom = child(panel, "fieldConfig", "defaults"), child(panel, "fieldConfig", "defaults", "custom")
    left, right = _axes(panel)
    _axis(left, defaults, custom)
    custom.update(_style(panel))
    _thresholds(panel, defaults, custom)
    overrides = objects(at(panel, "fieldConfig", "overrides"))
    overrides += _colors(panel) + [_override(one, panel, right) for one in objects(panel.get("seriesOverrides"))]
    child(panel, "fieldConfig")["overrides"] = overrides
    panel["options"] = {
        "legend": _legend(mapping(panel.get("legend"))),
        "tooltip": _tooltip(mapping(panel.get("tooltip"))),
    }
    panel["type"] = {"series": "barchart", "histogram": "histogram"}.get(
        mode if isinstance(mode, str) else "", "timeseries"
    )
    if panel["type"] == "barchart":
        _by_series(panel)
    for key in _OLD_KEYS:
        panel.pop(key, None)


def _axes(panel: Json) -> tuple[Json, Json]:
    axes = objects(panel.get("yaxes"))
    if not axes:
        formats = items(panel.get("y_formats"))
        grid = mapping(panel.get("grid"))
        axes = [
            {
                "format": formats[side] if len(formats) > side else "short",
                "min": grid.get(f"{name}Min"),
                "max": grid.get(f"{name}Max"),
                "logBase": grid.get(f"{name}LogBase") or 1,
                "label": panel.get(f"{name}YAxisLabel"),
                "show": True,
            }
            for side, name in enumerate(("left", "right"))
        ]  # fmt: skip
    return axes[0], axes[1] if len(axes) > 1 else {}


def _axis(axis: Json, defaults: Json, custom: Json) -> None:
    if axis.get("format"):
        defaults["unit"] = text(axis["format"])
    for key in ("min", "max", "decimals"):
        if (value := number(axis.get(key))) is not None:
            defaults[key] = value
    if axis.get("show") is False:
        custom["axisPlacement"] = "hidden"
    if text(axis.get("label")):
        custom["axisLabel"] = axis["label"]
    base = number(axis.get("logBase"))
    if base in (2, 10):
        custom["scaleDistribution"] = {"type": "log", "log": int(base)}


def _style(panel: Json) -> Json:
    lines, bars, points = panel.get("lines", True), flag(panel.get("bars")), flag(panel.get("points"))
    style: Json = {"drawStyle": "bars" if bars else "line" if lines else "points"}
    style["lineWidth"] = number(panel.get("linewidth", 1)) or 0
    fill = number(panel.get("fill", 1)) or 0
    style["fillOpacity"] = 100 if bars and "fill" not in panel else min(fill * 10, 100)
    if bars and not style["fillOpacity"]:
        style["fillOpacity"] = 100
    style["showPoints"] = "always" if points else "never"
    style["pointSize"] = (number(panel.get("pointradius")) or 2) * 2 + 1
    style["lineInterpolation"] = "stepAfter" if panel.get("steppedLine") else "linear"
    style["spanNulls"] = panel.get("nullPointMode") == "connected"
    if panel.get("nullPointMode") == "null as zero":
        style["nullAsZero"] = True
    if panel.get("fillGradient"):
        style["gradientMode"] = "opacity"
    style["stacking"] = _stacking(panel)
    if panel.get("dashes"):
        style["lineStyle"] = _dashes(panel)
    return style


def _stacking(panel: Json) -> Json:
    if not panel.get("stack"):
        return {"mode": "none", "group": "A"}
    return {"mode": "percent" if panel.get("percentage") else "normal", "group": "A"}


def _dashes(given: Json) -> Json:
    return {"fill": "dash", "dash": [number(given.get("dashLength")) or 10, number(given.get("spaceLength")) or 10]}


def _thresholds(panel: Json, defaults: Json, custom: Json) -> None:
    found = objects(panel.get("thresholds")) or _grid_thresholds(mapping(panel.get("grid")))
    limits = sorted((value, one) for one in found if (value := number(one.get("value"))) is not None and _shows(one))
    if not limits:
        return
    steps: list[Json] = [{"value": None, "color": "transparent"}]
    for value, one in limits:
        color = _threshold_color(one)
        if one.get("op") == "lt":
            steps[-1]["color"] = color
            steps.append({"value": value, "color": "transparent"})
        else:
            steps.append({"value": value, "color": color})
    defaults["thresholds"] = {"mode": "absolute", "steps": steps}
    line, area = any(one.get("line") for _, one in limits), any(one.get("fill") for _, one in limits)
    custom["thresholdsStyle"] = {"mode": "line+area" if line and area else "area" if area else "line"}


def _shows(one: Json) -> bool:
    return bool(one.get("fill") or one.get("line"))


def _threshold_color(one: Json) -> str:
    named = {"critical": "red", "warning": "orange", "ok": "green"}
    mode = text(one.get("colorMode"))
    return named.get(mode) or text(one.get("fillColor")) or text(one.get("lineColor")) or "red"


def _grid_thresholds(grid: Json) -> list[Json]:
    found = []
    for name in ("threshold1", "threshold2"):
        if (value := number(grid.get(name))) is not None:
            line, color = flag(grid.get("thresholdLine")), grid.get(f"{name}Color")
            found.append({"op": "gt", "value": value, "line": line, "fill": not line, "fillColor": color})
    return found


def _colors(panel: Json) -> list[Json]:
    return [
        _by_name(name, [{"id": "color", "value": {"mode": "fixed", "fixedColor": color}}])
        for name, color in mapping(panel.get("aliasColors")).items()
    ]


def _override(one: Json, panel: Json, right: Json) -> Json:
    alias = text(one.get("alias")) or "/.*/"
    made: list[Json] = []
    for key, value in one.items():
        if key in _OVERRIDES:
            made += [{"id": name, "value": given} for name, given in _OVERRIDES[key](value, one)]
    if one.get("yaxis") == 2:
        made += _on_the_right(right)
    if one.get("bars") or one.get("lines") is not None or one.get("points"):
        made.append({"id": "custom.drawStyle", "value": _drawn(one, panel)})
    is_pattern = len(alias) > 1 and alias.startswith("/") and "/" in alias[1:]
    return (
        {"matcher": {"id": "byRegexp", "options": alias}, "properties": made} if is_pattern else _by_name(alias, made)
    )


def _drawn(one: Json, panel: Json) -> str:
    if flag(one.get("bars"), flag(panel.get("bars"))):
        return "bars"
    return "line" if flag(one.get("lines"), panel.get("lines") is not False) else "points"


def _on_the_right(axis: Json) -> list[Json]:
    defaults: Json = {}
    custom: Json = {}
    _axis(axis, defaults, custom)
    custom.setdefault("axisPlacement", "right")
    told = {**defaults, **{f"custom.{key}": value for key, value in custom.items()}}
    return [{"id": key, "value": value} for key, value in told.items()]


Properties = Iterable[tuple[str, Any]]
_OVERRIDES: Final[dict[str, Callable[[Any, Json], Properties]]] = {
    "fill": lambda value, _: [("custom.fillOpacity", min((number(value) or 0) * 10, 100))],
    "linewidth": lambda value, _: [("custom.lineWidth", number(value) or 0)],
    "color": lambda value, _: [("color", {"mode": "fixed", "fixedColor": value})],
    "fillBelowTo": lambda value, _: [("custom.fillBelowTo", value)],
    "steppedLine": lambda value, _: [("custom.lineInterpolation", "stepAfter" if value else "linear")],
    "points": lambda value, _: [("custom.showPoints", "always" if value else "never")],
    "pointradius": lambda value, _: [("custom.pointSize", (number(value) or 2) * 2 + 1)],
    "dashes": lambda value, one: [("custom.lineStyle", _dashes(one))] if value else [],
    "nullPointMode": lambda value, _: [("custom.spanNulls", value == "connected")],
    "stack": lambda value, _: [
        ("custom.stacking", {"mode": "normal" if value else "none", "group": value if isinstance(value, str) else "A"})
    ],
    "transform": lambda value, _: [("custom.transform", "negative-Y")] if value == "negative-Y" else [],
    "hiddenSeries": lambda value, _: [("custom.hideFrom", {"viz": bool(value), "legend": False, "tooltip": False})],
    "legend": lambda value, _: [] if value else [("custom.hideFrom", {"viz": False, "legend": True, "tooltip": False})],
    "hideTooltip": lambda value, _: [("custom.hideFrom.tooltip", bool(value))],
}


def _by_name(name: str, properties: list[Json]) -> Json:
    return {"matcher": {"id": "byName", "options": name}, "properties": properties}


def _legend(legend: Json) -> Json:
    table = flag(legend.get("alignAsTable"))
    calcs = [name for key, name in _CALCS if legend.get(key)] if flag(legend.get("values")) else []
    return {
        "showLegend": flag(legend.get("show"), True),
        "displayMode": "table" if table else "list",
        "placement": "right" if legend.get("rightSide") else "bottom",
        "calcs": calcs,
        **({"sortBy": legend["sort"], "sortDesc": flag(legend.get("sortDesc"))} if legend.get("sort") else {}),
    }


def _tooltip(tooltip: Json) -> Json:
    sort = tooltip.get("sort")
    order = _SORTS[sort] if isinstance(sort, int) and 0 <= sort < len(_SORTS) else "none"
    return {"mode": "multi" if flag(tooltip.get("shared"), True) else "single", "sort": order}


def _by_series(panel: Json) -> None:
    """One bar a series: its values are reduced first."""
    calc = next(iter(panel.get("xaxis", {}).get("values") or []), "total")
    name = dict(_CALCS).get(calc, "sum")
    panel["transformations"] = [
        *objects(panel.get("transformations")),
        {"id": "reduce", "options": {"reducers": [name], "mode": "seriesToRows"}},
    ]
