"""Single numbers: `stat`, `gauge`, `bargauge`, and the slices of `piechart`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from msgspec.structs import replace

from engine.dashboards.draw.scene import Formats, Scene, compact, finite, hidden, legend, links
from engine.dashboards.fields.display import Shown, with_color
from engine.dashboards.fields.names import of_field
from engine.dashboards.fields.reducers import reduced
from engine.dashboards.json import at, flag, mapping, number, text, texts, whole
from engine.dashboards.patterns import Pattern
from engine.dashboards.variables.value import chained

_MOST: int = 100


def draw(scene: Scene) -> dict[str, Any]:
    formats = Formats()
    found = [
        _value(one, value, name, scene) | {"format": formats.place(one.config)}
        for one, value, name in picked(scene, "thresholds")
    ]
    options = scene.options
    return {
        "values": found,
        "options": {
            "orientation": text(options.get("orientation"), "auto"),
            "colorMode": text(options.get("colorMode"), "value"),
            "graphMode": text(options.get("graphMode"), "area" if scene.panel.kind == "stat" else "none"),
            "textMode": text(options.get("textMode"), "auto"),
            "justify": text(options.get("justifyMode"), "auto"),
            "valueSize": number(at(options, "text", "valueSize")),
            "titleSize": number(at(options, "text", "titleSize")),
            "displayMode": text(options.get("displayMode"), "gradient"),
            "labels": flag(options.get("showThresholdLabels")),
            "markers": flag(options.get("showThresholdMarkers"), True),
            "wide": flag(options.get("wideLayout"), True),
            "unfilled": flag(options.get("showUnfilled"), True),
        },
        "formats": formats.found,
    }


def picked(scene: Scene, mode: str) -> Iterator[tuple[Shown, Any, str]]:
    """The values that `reduceOptions` ask for: one of each field, or each row of each field."""
    given = mapping(scene.options.get("reduceOptions"))
    calcs = texts(given.get("calcs")) or ["lastNotNull"]
    wanted = text(given.get("fields"))
    every, limit, count = flag(given.get("values")), whole(given.get("limit"), 25) or 25, 0
    for row in scene.rows:
        for one in row:
            if not _is_wanted(one, wanted):
                continue
            if every:
                for at_, value in enumerate(one.field.plain()[:limit]):
                    yield with_color(_with_index(one, count), mode), value, _row_name(row, one, at_)
                    count += 1
                continue
            for calc in calcs:
                name = one.name if len(calcs) == 1 else f"{one.name} {calc}"
                yield with_color(_with_index(one, count), mode), reduced(one.field, calc), name
                count += 1


def _with_index(one: Shown, index: int) -> Shown:
    return replace(one, index=index)


def _is_wanted(one: Shown, wanted: str) -> bool:
    if hidden(one, "viz"):
        return False
    if not wanted:
        return one.field.kind == "number"
    return Pattern.of(wanted).finds(one.name) or wanted == one.name


def _row_name(row: Any, one: Shown, at_: int) -> str:
    """Rows are called by their first text."""
    label = next((other.field.at(at_) for other in row if other.field.kind == "string"), None)
    return str(label) if label is not None else one.name


def _value(one: Shown, value: Any, name: str, scene: Scene) -> dict[str, Any]:
    cell = one.cell(value)
    low, high = one.config.low or 0.0, 100.0 if one.config.high is None else one.config.high
    steps = one.config.thresholds.absolute(low, high)
    span = (high - low) or 1.0
    found = links(one.config.links, scene, chained(of_field(one.field, one.frame, name), scene.lookup))
    return {
        "name": name,
        "value": value if not isinstance(value, float) else finite(value),
        "text": cell.text.text,
        "prefix": cell.text.prefix,
        "suffix": cell.text.suffix,
        "color": cell.color,
        "fill": cell.share,
        "steps": [
            {"value": finite(step.value), "color": step.color, "at": min(max((step.value - low) / span, 0.0), 1.0)}
            for step in steps
        ],
        "min": finite(low),
        "max": finite(high),
        "minText": str(one.cell(low).text),
        "maxText": str(one.cell(high).text),
        "link": found[0] if found else None,
        "spark": _spark(one, scene),
    }


def _spark(one: Shown, scene: Scene) -> dict[str, Any] | None:
    time = one.frame.first("time")
    if scene.panel.kind != "stat" or text(scene.options.get("graphMode"), "area") != "area" or time is None:
        return None
    if len(time) < 2 or one.field.kind != "number":
        return None
    values = np.asarray(one.field.values)
    return {"times": np.asarray(time.values).tolist(), "values": compact(values)} | {
        "min": finite(reduced(one.field, "min")), "max": finite(reduced(one.field, "max")),
    }  # fmt: skip


def draw_pie(scene: Scene) -> dict[str, Any]:
    found = [(one, value, name) for one, value, name in picked(scene, "palette-classic")][:_MOST]
    sizes = [max(value, 0.0) if isinstance(value, int | float) else 0.0 for _, value, _ in found]
    total, formats = sum(sizes) or 1.0, Formats()
    decimals = None
    slices = []
    for (one, value, name), size in zip(found, sizes, strict=True):
        cell = one.cell(value)
        decimals = one.config.decimals or 0
        slices.append({
            "name": name, "value": finite(value) if isinstance(value, float) else value, "text": str(cell.text),
            "color": cell.color, "percent": size / total, "percentText": f"{size / total * 100:.{decimals}f}%",
            "hidden": False, "format": formats.place(one.config),
        })  # fmt: skip
    options = scene.options
    return {
        "slices": slices,
        "donut": text(options.get("pieType"), "pie") == "donut",
        "labels": texts(options.get("displayLabels")),
        "legend": legend(options),
        "legendValues": texts(at(options, "legend", "values")),
        "formats": formats.found,
    }
