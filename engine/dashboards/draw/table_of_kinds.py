"""How each kind of panel is drawn."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from engine.dashboards.draw import bars, heat, states, stats, table, timeseries, words
from engine.dashboards.draw.scene import Drawer

DRAWERS: Final[Mapping[str, Drawer]] = MappingProxyType({
    "timeseries": timeseries.draw, "stat": stats.draw, "gauge": stats.draw, "bargauge": stats.draw,
    "table": table.draw, "heatmap": heat.draw, "histogram": heat.draw_histogram, "piechart": stats.draw_pie,
    "barchart": bars.draw, "state-timeline": states.draw, "status-history": states.draw, "logs": words.draw_logs,
    "text": words.draw_text, "alertlist": words.draw_alerts, "dashlist": words.draw_boards,
    "annolist": words.draw_annotations, "row": lambda _: {"formats": []},
})  # fmt: skip
