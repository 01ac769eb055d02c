"""Panels of texts: `text`, `logs`, and lists of alerts, dashboards and annotations."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from engine.dashboards.draw.scene import Scene
from engine.dashboards.fields.colors import hexed
from engine.dashboards.html import markdown, sanitised
from engine.dashboards.json import at, flag, mapping, text
from engine.dashboards.variables.formats import each
from engine.dashboards.variables.interpolate import interpolate

_LEVELS: Final[Mapping[str, tuple[str, str]]] = {
    "critical": ("critical", "purple"), "crit": ("critical", "purple"), "fatal": ("critical", "purple"),
    "alert": ("critical", "purple"), "emerg": ("critical", "purple"), "error": ("error", "red"),
    "err": ("error", "red"), "eror": ("error", "red"), "warn": ("warning", "yellow"),
    "warning": ("warning", "yellow"), "info": ("info", "green"), "information": ("info", "green"),
    "notice": ("info", "green"), "debug": ("debug", "blue"), "dbug": ("debug", "blue"),
    "trace": ("trace", "light-blue"),
}  # fmt: skip
_HEAD: Final = 300
"""In how much of a line its level is looked for."""


def draw_text(scene: Scene) -> dict[str, Any]:
    """Variables are put in as texts; what could run code never reaches the page."""
    mode = text(scene.options.get("mode"), "markdown")
    source = interpolate(text(scene.options.get("content")), scene.lookup, each(str, ", "))
    html = markdown(source) if mode == "markdown" else sanitised(source) if mode == "html" else ""
    language = text(at(scene.options, "code", "language"))
    return {"mode": mode, "html": html, "source": source, "language": language, "formats": []}


def draw_logs(scene: Scene) -> dict[str, Any]:
    """Lines come as frames of a time (ns as text), a line, and labels."""
    options = scene.options
    lines = [line for frame in scene.frames for line in _lines(frame)]
    order = "asc" if text(options.get("sortOrder")) == "Ascending" else "desc"
    lines.sort(key=lambda line: int(line["time"]), reverse=order == "desc")
    labels = [line["labels"] for line in lines]
    common = set.intersection(*(set(one.items()) for one in labels)) if labels else set()
    for line in lines:
        line["unique"] = {name: value for name, value in line["labels"].items() if (name, value) not in common}
    return {
        "lines": lines,
        "wrap": flag(options.get("wrapLogMessage")),
        "showTime": flag(options.get("showTime")),
        "showLabels": flag(options.get("showLabels")),
        "showCommonLabels": flag(options.get("showCommonLabels")),
        "commonLabels": dict(sorted(common)),
        "order": order,
        "details": flag(options.get("enableLogDetails"), True),
        "dedup": text(options.get("dedupStrategy"), "none"),
        "formats": [],
    }


def _lines(frame: Any) -> list[dict[str, Any]]:
    fields = {one.name: one for one in frame.fields}
    if "Line" not in fields or "ns" not in fields:
        return []
    times, texts, labels = fields["ns"].plain(), fields["Line"].plain(), fields["labels"].plain()
    return [_line(ns, line, found) for ns, line, found in zip(times, texts, labels, strict=True)]


def _line(ns: str, line: str, labels: Mapping[str, str]) -> dict[str, Any]:
    level, color = level_of(line, labels)
    return {
        "time": ns, "ms": int(ns) // 1_000_000, "line": line, "labels": dict(labels), "level": level, "color": color,
        "fields": {},
    }  # fmt: skip


def level_of(line: str, labels: Mapping[str, str]) -> tuple[str, str]:
    """By the label that says it, else by the first word of the line that is one."""
    for name in ("level", "lvl", "loglevel", "severity", "detected_level"):
        if (known := _LEVELS.get(labels.get(name, "").lower())) is not None:
            return known[0], hexed(known[1])
    for word in _words(line[:_HEAD].lower()):
        if (known := _LEVELS.get(word)) is not None:
            return known[0], hexed(known[1])
    return "unknown", hexed("gray")


def _words(line: str) -> list[str]:
    return "".join(char if char.isalpha() else " " for char in line).split()


def draw_alerts(scene: Scene) -> dict[str, Any]:
    options, found = scene.options, list(scene.extra.get("alerts", []))
    states = mapping(options.get("stateFilter"))
    name = scene.words(text(options.get("alertName"))).lower()
    kept = [
        one
        for one in found
        if name in one["name"].lower() and (not states or flag(states.get(one["state"]), one["state"] == "firing"))
    ]
    most = int(options.get("maxItems") or 20)
    return {
        "alerts": kept[:most], "viewMode": text(options.get("viewMode"), "list"),
        "showInstances": flag(options.get("showInstances")), "formats": [],
    }  # fmt: skip


def draw_boards(scene: Scene) -> dict[str, Any]:
    options = scene.options
    wanted, query = set(options.get("tags") or []), scene.words(text(options.get("query"))).lower()
    search = flag(options.get("showSearch")) or not any(
        flag(options.get(key)) for key in ("showStarred", "showRecentlyViewed")
    )
    kept = [
        one
        for one in scene.extra.get("boards", [])
        if search and wanted <= set(one["tags"]) and query in one["title"].lower()
    ]
    return {"boards": kept[: int(options.get("maxItems") or 10)], "formats": []}


def draw_annotations(scene: Scene) -> dict[str, Any]:
    return {"annotations": list(scene.extra.get("annotations", [])), "formats": []}
