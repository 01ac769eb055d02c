"""Heatmaps and histograms: counts in buckets."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from engine.dashboards.draw.scene import Formats, Scene, compact, finite, legend
from engine.dashboards.fields.colors import SCHEMES, blended, hexed
from engine.dashboards.fields.config import Config
from engine.dashboards.fields.display import Shown, with_color
from engine.dashboards.frames.results import aligned
from engine.dashboards.json import Json, at, flag, mapping, number, text, whole
from engine.dashboards.units import format as units

_SHADES = 32
_BUCKETS = 10
_COLUMNS = 60


def draw(scene: Scene) -> dict[str, Any]:
    options = scene.options
    rows = _given(scene)
    calculated = flag(options.get("calculate"))
    times, names, bounds, counts = _calculated(rows) if calculated else _buckets(rows)
    low, high = _extent(counts, mapping(options.get("color")))
    axis, formats = mapping(options.get("yAxis")), Formats()
    unit, decimals = text(axis.get("unit"), "short"), _whole(axis.get("decimals"))
    if bounds is not None:
        names = [
            name if at_ is None else str(units.text(at_, unit, decimals))
            for name, at_ in zip(names, bounds, strict=True)
        ]
    return {
        "times": times.tolist(),
        "buckets": names,
        "bounds": bounds,
        "counts": [compact(row) for row in counts],
        "format": formats.place(Config(unit=unit, decimals=decimals)),
        "countFormat": formats.place(Config(unit=text(at(options, "cellValues", "unit"), "short"))),
        "min": finite(low),
        "max": finite(high),
        "colors": _colors(mapping(options.get("color"))),
        "showLegend": flag(at(options, "legend", "show"), True),
        "yTitle": text(axis.get("axisLabel")),
        "formats": formats.found,
    }


def _whole(found: Any) -> int | None:
    value = number(found)
    return None if value is None else int(value)


def _given(scene: Scene) -> list[tuple[Shown, Any, Any]]:
    found = []
    for row in scene.rows:
        time = next((one for one in row if one.field.kind == "time"), None)
        if time is not None:
            found += [
                (one, np.asarray(time.field.values), np.asarray(one.field.values))
                for one in row
                if one.field.kind == "number"
            ]
    return found


def _buckets(rows: list[tuple[Shown, Any, Any]]) -> tuple[Any, list[str], list[float | None] | None, list[Any]]:
    """Series that are buckets already, lowest first."""
    ordered = sorted(rows, key=lambda one: _number(one[0].name))
    times, columns = aligned([(time, values) for _, time, values in ordered])
    bounds = [_number(one.name) for one, _, _ in ordered]
    told = [finite(one) for one in bounds] if all(not math.isnan(one) for one in bounds) else None
    return times, [one.name for one, _, _ in ordered], told, columns


def _calculated(rows: list[tuple[Shown, Any, Any]]) -> tuple[Any, list[str], list[float | None] | None, list[Any]]:
    """Values counted in buckets of their own size."""
    every = np.concatenate([values for _, _, values in rows]) if rows else np.empty(0)
    good = every[np.isfinite(every)]
    if not len(good):
        return np.empty(0, dtype=np.int64), [], [], []
    edges = np.histogram_bin_edges(good, bins=_BUCKETS)
    stamps = np.concatenate([time for _, time, _ in rows])
    columns = np.linspace(stamps.min(), stamps.max() + 1, min(_COLUMNS, len(np.unique(stamps))) + 1)
    counts, _, _ = np.histogram2d(every[np.isfinite(every)], stamps[np.isfinite(every)], bins=(edges, columns))
    return columns[:-1].astype(np.int64), [f"{edge:.4g}" for edge in edges[1:]], edges[1:].tolist(), list(counts)


def _number(name: str) -> float:
    try:
        return float(name.replace("Inf", "inf"))
    except ValueError:
        return math.inf


def _extent(counts: list[Any], color: Json) -> tuple[float, float]:
    every = np.concatenate(counts) if counts else np.empty(0)
    good = every[np.isfinite(every)]
    low, high = number(color.get("min")), number(color.get("max"))
    return (
        low if low is not None else float(good.min()) if len(good) else 0.0,
        high if high is not None else float(good.max()) if len(good) else 1.0,
    )


def _colors(color: Json) -> list[str]:
    if text(color.get("mode")) == "opacity":
        fill = hexed(text(color.get("fill"), "dark-orange"))[:7]
        return [f"{fill}{round(255 * at_ / (_SHADES - 1)):02x}" for at_ in range(_SHADES)]
    scheme = SCHEMES.get(text(color.get("scheme"), "Oranges"), SCHEMES["Oranges"])
    shades = [blended(scheme, at_ / (_SHADES - 1)) for at_ in range(_SHADES)]
    return shades[::-1] if flag(color.get("reverse")) else shades


def draw_histogram(scene: Scene) -> dict[str, Any]:
    shown = [with_color(one, "palette-classic") for one in scene.numbers]
    formats = Formats()
    every = [np.asarray(one.field.values, dtype=np.float64) for one in shown if one.field.kind == "number"]
    good = [values[np.isfinite(values)] for values in every]
    edges = _edges(np.concatenate(good) if good else np.empty(0), scene.options)
    return {
        "edges": edges.tolist(),
        "series": [
            {"name": one.name, "color": one.series_color(), "counts": np.histogram(values, bins=edges)[0].tolist()}
            for one, values in zip(shown, good, strict=False)
            if len(edges) > 1
        ],
        "format": formats.place(shown[0].config) if shown else 0,
        "stacked": flag(scene.options.get("combine")),
        "legend": legend(scene.options),
        "formats": formats.found,
    }


def _edges(values: Any, options: Json) -> Any:
    if not len(values):
        return np.empty(0)
    size, offset = number(options.get("bucketSize")), number(options.get("bucketOffset")) or 0.0
    if size:
        first = math.floor((values.min() - offset) / size) * size + offset
        count = min(int((values.max() - first) // size) + 1, 1000)
        return first + size * np.arange(count + 1)
    return np.histogram_bin_edges(values, bins=whole(options.get("bucketCount"), 30) or 30)
