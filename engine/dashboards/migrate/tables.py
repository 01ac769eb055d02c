"""The old table panel, with `styles` and `columns`, as the table of now; and cells of before schema 38."""

from __future__ import annotations

import re
from typing import Any, Final

from engine.dashboards.json import Json, at, child, flag, items, mapping, number, objects, text
from engine.dashboards.migrate.mappings import of_singlestat

_TRANSFORMS: Final = {
    "timeseries_to_columns": ("joinByField", {"byField": "Time", "mode": "outer"}),
    "timeseries_to_rows": ("seriesToRows", {}),
    "table": ("merge", {}),
}
_CALCS: Final = {"avg": "mean", "current": "lastNotNull", "total": "sum"}
_CELLS: Final = {"cell": "color-background", "row": "color-background", "value": "color-text"}
_OLD_CELLS: Final = {
    "color-background-solid": ("color-background", "basic"), "gradient-gauge": ("gauge", "gradient"),
    "lcd-gauge": ("gauge", "lcd"), "basic": ("gauge", "basic"), "json-view": ("json-view", ""),
}  # fmt: skip


def to_table(panel: Json) -> None:
    panel["type"] = "table"
    given = text(panel.pop("transform", None))
    if given == "timeseries_aggregations":
        calcs = [text(one.get("value")) for one in objects(panel.get("columns"))] or ["avg"]
        change: Json = {"id": "reduce", "options": {"reducers": [_CALCS.get(name, name) for name in calcs]}}
    else:
        name, options = _TRANSFORMS.get(given, ("merge", {}))
        change = {"id": name, "options": dict(options)}
    panel["transformations"] = [*objects(panel.get("transformations")), change]
    overrides: list[Json] = []
    for style in objects(panel.pop("styles", None)):
        matcher, properties = _matcher(text(style.get("pattern"))), _properties(style)
        if matcher is None:
            defaults = child(panel, "fieldConfig", "defaults")
            for one in properties:
                defaults.setdefault(one["id"], one["value"]) if not one["id"].startswith("custom.") else None
        else:
            overrides.append({"matcher": matcher, "properties": properties})
    child(panel, "fieldConfig")["overrides"] = overrides
    child(panel, "options")["showHeader"] = flag(panel.pop("showHeader", None), True)
    _sorted(panel, objects(panel.pop("columns", None)))
    for key in ("fontSize", "pageSize", "scroll"):
        panel.pop(key, None)


def _sorted(panel: Json, columns: list[Json]) -> None:
    sort = mapping(panel.pop("sort", None))
    index = sort.get("col")
    if isinstance(index, int) and 0 <= index < len(columns):
        child(panel, "options")["sortBy"] = [
            {"displayName": text(columns[index].get("text")), "desc": flag(sort.get("desc"))}
        ]


def _matcher(pattern: str) -> Json | None:
    """None for the style of all that no other names."""
    if pattern == "/.*/":
        return None
    if pattern.startswith("/") and pattern.endswith("/") and len(pattern) > 1:
        return {"id": "byRegexp", "options": pattern}
    return {"id": "byName", "options": pattern}


def _properties(style: Json) -> list[Json]:
    made: list[tuple[str, Any]] = []
    if style.get("alias"):
        made.append(("displayName", style["alias"]))
    if style.get("type") == "hidden":
        made.append(("custom.hidden", True))
    if style.get("type") == "date":
        made.append(("unit", f"time: {style['dateFormat']}" if style.get("dateFormat") else "dateTimeAsIso"))
    elif style.get("unit") and style.get("type") in ("number", None):
        made.append(("unit", style["unit"]))
    if (decimals := number(style.get("decimals"))) is not None:
        made.append(("decimals", decimals))
    if style.get("colorMode") in _CELLS:
        made.append(("custom.cellOptions", {"type": _CELLS[style["colorMode"]]}))
        made.append(("thresholds", {"mode": "absolute", "steps": _steps(style)}))
    if style.get("link") and style.get("linkUrl"):
        link = {
            "title": text(style.get("linkTooltip")),
            "url": _url(text(style["linkUrl"])),
            "targetBlank": flag(style.get("linkTargetBlank")),
        }
        made.append(("links", [link]))
    if style.get("align") in ("left", "center", "right"):
        made.append(("custom.align", style["align"]))
    if mappings := of_singlestat(style):
        made.append(("mappings", mappings))
    return [{"id": name, "value": value} for name, value in made]


def _url(written: str) -> str:
    """`$__cell` and `$__cell_N` as the references of now."""
    written = written.replace("${__cell_1}", "${__data.fields[1]}")
    return re.sub(r"\$\{?__cell_(\d+)(:raw)?\}?", r"${__data.fields[\1]}", written).replace(
        "$__cell", "${__value.text}"
    )


def _steps(style: Json) -> list[Json]:
    colors = items(style.get("colors")) or ["green", "orange", "red"]
    limits = items(style.get("thresholds"))
    values = [value for one in limits if (value := number(one)) is not None]
    steps: list[Json] = [{"value": None, "color": colors[0]}]
    return steps + [{"value": value, "color": colors[min(i, len(colors) - 1)]} for i, value in enumerate(values, 1)]


def to_cell_options(panel: Json) -> None:
    """`custom.displayMode` as `custom.cellOptions`."""
    custom = mapping(at(panel, "fieldConfig", "defaults", "custom"))
    if isinstance(custom.get("displayMode"), str):
        custom.setdefault("cellOptions", _cell(custom.pop("displayMode")))
    for override in objects(at(panel, "fieldConfig", "overrides")):
        for one in objects(override.get("properties")):
            if one.get("id") == "custom.displayMode":
                one["id"], one["value"] = "custom.cellOptions", _cell(text(one.get("value")))


def _cell(name: str) -> Json:
    kind, mode = _OLD_CELLS.get(name, (name, ""))
    return {"type": kind, "mode": mode} if mode else {"type": kind}
