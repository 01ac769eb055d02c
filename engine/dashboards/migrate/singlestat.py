"""The old `singlestat` panel as `stat`, or as `gauge` where it drew one; and the first `gauge` panels' own form."""

from __future__ import annotations

from typing import Any, Final

from engine.dashboards.json import Json, at, child, items, mapping, number, objects, text
from engine.dashboards.migrate.mappings import of_singlestat, to_typed

REDUCERS: Final = {
    "avg": "mean", "current": "lastNotNull", "total": "sum", "last_time": "lastNotNull", "name": "lastNotNull",
}  # fmt: skip
_OLD_KEYS: Final = (
    "colorBackground", "colorValue", "colors", "format", "gauge", "mappingType", "mappingTypes", "nullPointMode",
    "nullText", "postfix", "postfixFontSize", "prefix", "prefixFontSize", "rangeMaps", "sparkline", "tableColumn",
    "thresholds", "valueFontSize", "valueMaps", "valueName", "decimals",
)  # fmt: skip
_COLORS: Final = ("#299c46", "rgba(237, 129, 40, 0.89)", "#d44a3a")


def to_stat(panel: Json) -> None:
    defaults = child(panel, "fieldConfig", "defaults")
    child(panel, "fieldConfig").setdefault("overrides", [])
    name = text(panel.get("valueName"), "avg")
    if panel.get("format"):
        defaults["unit"] = _unit(panel)
    if (decimals := number(panel.get("decimals"))) is not None:
        defaults["decimals"] = decimals
    if text(panel.get("nullText")):
        defaults["noValue"] = panel["nullText"]
    defaults["mappings"] = of_singlestat(panel)
    defaults["thresholds"] = {"mode": "absolute", "steps": _steps(panel)}
    defaults["color"] = {"mode": "thresholds"}
    shown = mapping(panel.get("gauge"))
    panel["type"] = "gauge" if shown.get("show") else "stat"
    if shown.get("show"):
        defaults["min"], defaults["max"] = number(shown.get("minValue")) or 0, number(shown.get("maxValue")) or 100
    column = text(panel.get("tableColumn"))
    panel["options"] = {
        "reduceOptions": {
            "calcs": [REDUCERS.get(name, name)],
            "values": False,
            "fields": f"/^{column}$/" if column else "",
        },
        "orientation": "horizontal",
        "textMode": "name" if name == "name" else "auto",
        "colorMode": "background" if panel.get("colorBackground") else "value" if panel.get("colorValue") else "none",
        "graphMode": "area" if at(panel, "sparkline", "show") else "none",
        "justifyMode": "auto",
        "showThresholdLabels": bool(shown.get("thresholdLabels")),
        "showThresholdMarkers": bool(shown.get("thresholdMarkers", True)),
    }
    for key in _OLD_KEYS:
        panel.pop(key, None)


def _unit(panel: Json) -> str:
    """A text before or behind the number, where that is all that the number has."""
    unit, prefix, postfix = text(panel["format"]), text(panel.get("prefix")), text(panel.get("postfix"))
    if unit in ("none", "") and postfix.strip():
        return f"suffix:{postfix.strip()}"
    return f"prefix:{prefix}" if unit in ("none", "") and prefix.strip() else unit


def _steps(panel: Json) -> list[Json]:
    colors = items(panel.get("colors")) or list(_COLORS)
    given = panel.get("thresholds")
    limits = [number(one.strip()) for one in given.split(",")] if isinstance(given, str) else []
    values = [value for value in limits if value is not None]
    steps: list[Json] = [{"value": None, "color": colors[0]}]
    steps += [{"value": value, "color": colors[min(i, len(colors) - 1)]} for i, value in enumerate(values, 1)]
    return steps


def from_field_options(panel: Json) -> None:
    """`options.fieldOptions` of Grafana 6, or `valueOptions` before it, of gauges and stats."""
    options = mapping(panel.get("options"))
    old = options.pop("fieldOptions", None)
    before = options.pop("valueOptions", None)
    if isinstance(before, dict):
        _first_gauges(panel, options, before)
    if not isinstance(old, dict):
        return
    child(options, "reduceOptions").update(
        {key: old[key] for key in ("calcs", "values", "limit", "fields") if key in old}
    )
    defaults = child(panel, "fieldConfig", "defaults")
    for key, value in mapping(old.get("defaults")).items():
        defaults.setdefault(key, value)
    for key in ("mappings", "thresholds"):
        if key in old:
            defaults.setdefault(key, old[key])
    child(panel, "fieldConfig").setdefault("overrides", objects(old.get("overrides")))


def _first_gauges(panel: Json, options: Json, before: Json) -> None:
    defaults = child(panel, "fieldConfig", "defaults")
    stat = text(before.get("stat"), "mean")
    child(options, "reduceOptions").setdefault("calcs", [REDUCERS.get(stat, stat)])
    taken: list[tuple[str, Any]] = [
        ("unit", before.get("unit")), ("decimals", before.get("decimals")), ("min", options.pop("minValue", None)),
        ("max", options.pop("maxValue", None)), ("mappings", options.pop("valueMappings", None)),
        ("thresholds", options.pop("thresholds", None)),
    ]  # fmt: skip
    for key, value in taken:
        if value is not None:
            defaults.setdefault(key, value)


def to_now(defaults: Json) -> None:
    """Thresholds that are a bare list, and old mappings, wherever they stand."""
    limits = defaults.get("thresholds")
    if isinstance(limits, list):
        steps = [
            {"value": number(one.get("value")), "color": text(one.get("color"), "green")} for one in objects(limits)
        ]
        defaults["thresholds"] = {
            "mode": "absolute",
            "steps": sorted(steps, key=lambda one: (one["value"] is not None, one["value"] or 0)),
        }
    if "mappings" in defaults:
        defaults["mappings"] = to_typed(defaults["mappings"])
    if isinstance(defaults.get("title"), str):
        defaults.setdefault("displayName", defaults.pop("title"))
