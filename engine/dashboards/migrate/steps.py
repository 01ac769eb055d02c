"""All migrations, in their order.

Laws: a step looks at the shape and not at `schemaVersion`, which files often have wrong; so to migrate twice is to
migrate once. What is given is not changed.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final

from engine.dashboards.json import Json, at, child, items, mapping, objects, text, whole
from engine.dashboards.migrate import graph, grid, singlestat, small, tables
from engine.dashboards.migrate.mappings import to_typed

NEWEST: Final = 42
Step = Callable[[Json], None]

TYPES: Final[Mapping[str, Step]] = MappingProxyType({
    "graph": graph.to_timeseries, "singlestat": singlestat.to_stat, "grafana-singlestat-panel": singlestat.to_stat,
    "table-old": tables.to_table, "grafana-piechart-panel": small.to_pie, "text": small.to_text_options,
    "text2": small.to_text_options, "heatmap": small.to_heatmap_options, "alertlist": small.to_alert_options,
    "dashlist": small.to_dashboard_list, "gauge": singlestat.from_field_options,
    "bargauge": singlestat.from_field_options, "stat": singlestat.from_field_options,
})  # fmt: skip
"""What is done with panels of a type that changed, or whose options did."""

EVERY: Final[tuple[Step, ...]] = (tables.to_cell_options, small.legends, small.transformations)
"""What is done with every panel."""


def migrated(given: Mapping[str, Any]) -> Json:
    """The dashboard in today's shape; it may come wrapped as `{dashboard: ...}`."""
    inner = given.get("dashboard")
    board: Json = copy.deepcopy(dict(inner if isinstance(inner, dict) and "panels" not in given else given))
    grid.to_grid(board)
    board["panels"] = [panel for panel in objects(board.get("panels")) if not _is_clone(panel)]
    for panel in _panels(board):
        _panel(panel)
    _variables(board)
    if board.pop("sharedCrosshair", None):
        board.setdefault("graphTooltip", 1)
    board["schemaVersion"] = max(whole(board.get("schemaVersion")), NEWEST)
    return board


def _panels(board: Json) -> list[Json]:
    found = []
    for panel in objects(board.get("panels")):
        inner = [one for one in objects(panel.get("panels")) if not _is_clone(one)]
        if inner:
            panel["panels"] = inner
        found += [panel, *inner]
    return found


def _is_clone(panel: Json) -> bool:
    """What repeating had left in files of before schema 27."""
    return bool(panel.get("repeatPanelId") or panel.get("repeatByRow"))


def _panel(panel: Json) -> None:
    if panel.get("type") == "table" and (
        panel.get("styles") or panel.get("columns") is not None or "transform" in panel
    ):
        panel["type"] = "table-old"
    step = TYPES.get(text(panel.get("type")))
    if step is not None:
        step(panel)
    for step in EVERY:
        step(panel)
    singlestat.to_now(child(panel, "fieldConfig", "defaults"))
    for override in objects(at(panel, "fieldConfig", "overrides")):
        for one in objects(override.get("properties")):
            if one.get("id") == "mappings":
                one["value"] = to_typed(one.get("value"))


def _variables(board: Json) -> None:
    templating = board.setdefault("templating", {})
    if not isinstance(templating, dict):
        templating = board["templating"] = {}
    for variable in objects(templating.get("list")):
        current = mapping(variable.get("current"))
        if variable.get("type") == "constant" and variable.get("hide") in (0, 1, None):
            variable["type"] = "textbox"  # a constant that was shown could be written into
        if isinstance(current.get("value"), list) and not variable.get("multi"):
            current["value"] = next(iter(items(current["value"])), "")
