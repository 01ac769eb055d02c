"""Panels whose options only moved or were renamed."""

from __future__ import annotations

from typing import Final

from engine.dashboards.json import Json, at, child, flag, items, mapping, number, objects, text

_SCHEMES: Final = {
    "interpolateOranges": "Oranges", "interpolateGreens": "Greens", "interpolateBlues": "Blues",
    "interpolateReds": "Reds", "interpolatePurples": "Purples", "interpolateGreys": "Greys",
    "interpolateSpectral": "Spectral", "interpolateRdYlGn": "RdYlGn", "interpolateRdYlBu": "RdYlBu",
    "interpolateViridis": "Viridis", "interpolateMagma": "Magma", "interpolateInferno": "Inferno",
    "interpolatePlasma": "Plasma", "interpolateWarm": "Warm", "interpolateCool": "Cool", "interpolateYlOrRd": "YlOrRd",
    "interpolateYlGnBu": "YlGnBu", "interpolateTurbo": "Turbo", "interpolateCividis": "Cividis",
}  # fmt: skip


def to_text_options(panel: Json) -> None:
    options = child(panel, "options")
    for key in ("mode", "content"):
        if key in panel:
            options.setdefault(key, panel.pop(key))
    if options.get("mode") == "text":
        options["mode"] = "markdown"


def to_pie(panel: Json) -> None:
    """The plug-in of before Grafana 8."""
    panel["type"] = "piechart"
    name = text(panel.pop("valueName", None), "current")
    calc = {"avg": "mean", "current": "lastNotNull", "total": "sum"}.get(name, name)
    legend = mapping(panel.pop("legend", None))
    where = text(panel.pop("legendType", None))
    panel["options"] = {
        "pieType": "donut" if panel.pop("pieType", None) == "donut" else "pie",
        "reduceOptions": {"calcs": [calc], "values": False, "fields": ""},
        "displayLabels": [],
        "legend": {
            "showLegend": flag(legend.get("show"), True),
            "displayMode": "table" if legend.get("values") else "list",
            "placement": "right" if where.lower().startswith("right") else "bottom",
            "values": [key for key, on in (("value", "values"), ("percent", "percentage")) if legend.get(on)],
        },
    }
    if panel.get("format"):
        child(panel, "fieldConfig", "defaults").setdefault("unit", panel.pop("format"))


def to_heatmap_options(panel: Json) -> None:
    """The heatmap of before Grafana 9."""
    if "color" not in panel or at(panel, "options", "color"):
        return
    color, axis = mapping(panel.pop("color")), mapping(panel.pop("yAxis", None))
    bucketed = panel.pop("dataFormat", "timeseries") != "tsbuckets"
    options = child(panel, "options")
    options["calculate"] = bucketed
    options["yAxis"] = {"unit": text(axis.get("format"), "short"), "decimals": number(axis.get("decimals"))}
    options["yAxis"] |= {"min": number(axis.get("min")), "max": number(axis.get("max"))}
    options["color"] = {
        "mode": "opacity" if color.get("mode") == "opacity" else "scheme",
        "scheme": _SCHEMES.get(text(color.get("colorScheme")), "Oranges"),
        "fill": text(color.get("cardColor"), "dark-orange"),
        "steps": 128,
    }
    if not bucketed:
        child(options, "rowsFrame")["layout"] = text(panel.pop("yBucketBound", None), "auto")
    options["legend"] = {"show": flag(mapping(panel.pop("legend", None)).get("show"))}


def to_alert_options(panel: Json) -> None:
    options = child(panel, "options")
    if "limit" in panel and "maxItems" not in options:
        options["maxItems"] = number(panel.pop("limit")) or 20
        states = items(panel.pop("stateFilter", None))
        options["stateFilter"] = {
            "firing": not states or "alerting" in states, "pending": not states or "pending" in states,
        }  # fmt: skip


def to_dashboard_list(panel: Json) -> None:
    options = child(panel, "options")
    renames = {
        "starred": "showStarred", "recent": "showRecentlyViewed", "search": "showSearch", "headings": "showHeadings",
        "limit": "maxItems", "query": "query", "folderId": "folderId", "tags": "tags",
    }  # fmt: skip
    for old, new in renames.items():
        if old in panel:
            options.setdefault(new, panel.pop(old))


def legends(panel: Json) -> None:
    """`displayMode: hidden` of before schema 37."""
    legend = at(panel, "options", "legend")
    if not isinstance(legend, dict):
        return
    if legend.get("displayMode") == "hidden":
        legend["displayMode"], legend["showLegend"] = "list", False
    legend.setdefault("showLegend", True)


def transformations(panel: Json) -> None:
    """Those that were renamed."""
    for one in objects(panel.get("transformations")):
        options = mapping(one.get("options"))
        if one.get("id") == "seriesToColumns":
            one["id"], one["options"] = (
                "joinByField",
                {"byField": text(options.get("byField"), "Time"), "mode": "outer"},
            )
