"""Bar charts: numbers beside each other by a text, or by time."""

from __future__ import annotations

from typing import Any

from engine.dashboards.draw.scene import Formats, Scene, compact, hidden, legend, tooltip
from engine.dashboards.fields.display import Shown, with_color
from engine.dashboards.json import flag, number, text


def draw(scene: Scene) -> dict[str, Any]:
    """The first frame; its category is the field that is named, else the first text, else the time."""
    row = list(scene.rows[0]) if scene.rows else []
    by = _category(row, text(scene.options.get("xField")))
    shown = [with_color(one, "palette-classic") for one in row if one.field.kind == "number" and one is not by]
    shown = [one for one in shown if not hidden(one, "viz")]
    formats, options = Formats(), scene.options
    series = [
        {
            "name": one.name,
            "values": compact(one.field.values),
            "texts": [str(one.cell(value).text) for value in one.field.plain()],
            "colors": [one.cell(value).color for value in one.field.plain()]
            if one.config.color.mode not in ("palette-classic", "fixed")
            else None,
            "color": one.series_color(),
            "format": formats.place(one.config),
            "inLegend": not hidden(one, "legend"),
        }
        for one in shown
    ]
    return {
        "categories": [] if by is None else [str(by.cell(value).text) for value in by.field.plain()],
        "series": series,
        "horizontal": text(options.get("orientation")) == "horizontal",
        "stacking": text(options.get("stacking"), "none"),
        "showValue": text(options.get("showValue"), "auto"),
        "legend": legend(options),
        "tooltip": tooltip(options),
        "barWidth": number(options.get("barWidth")) or 0.97,
        "groupWidth": number(options.get("groupWidth")) or 0.7,
        "rotation": number(options.get("xTickLabelRotation")) or 0,
        "axes": [_axis(one, formats) for one in shown[:1]],
        "formats": formats.found,
    }


def _category(row: list[Shown], name: str) -> Shown | None:
    named = next((one for one in row if name and one.name == name), None)
    texts_ = next((one for one in row if one.field.kind == "string"), None)
    return named or texts_ or next((one for one in row if one.field.kind == "time"), None)


def _axis(one: Shown, formats: Formats) -> dict[str, Any]:
    return {
        "side": "left", "label": text(one.config.custom.get("axisLabel")), "format": formats.place(one.config),
        "min": None, "max": None, "softMin": number(one.config.custom.get("axisSoftMin")), "softMax": None, "log": 0,
        "center": flag(one.config.custom.get("axisCenteredZero")), "grid": True, "width": None,
    }  # fmt: skip
