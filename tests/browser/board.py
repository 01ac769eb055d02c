"""A dashboard with a panel of each kind, all fed by the same two numbers."""

from __future__ import annotations

from typing import Any

STEPS = {"mode": "absolute", "steps": [{"color": "green", "value": None}, {"color": "red", "value": 5}]}
WORDS = [{"type": "value", "options": {"3": {"text": "LOW", "color": "green"}, "7": {"text": "HIGH", "color": "red"}}}]
LOAD, ONE, ROWS = ({"expr": "load"}, {"expr": 'load{host="$host"}'}, {"expr": "load", "format": "table", "instant": True, "range": False})  # fmt: skip


def panels() -> list[dict[str, Any]]:
    """Two in a row, below each other."""
    found = [_panel(number, one) for number, one in enumerate(PANELS, 1)]
    end = found[-1]["gridPos"]["y"] + 6
    inside = _panel(91, ("timeseries", "Inside", LOAD, {}, {}))
    repeated = _panel(93, ("stat", "Of $each", {"expr": 'load{host="$each"}'}, {}, {}))
    return [
        *found,
        {"id": 90, "type": "row", "title": "Closed", "collapsed": True, "panels": [inside], "gridPos": _place(0, end, 24, 1)},
        {"id": 92, "type": "row", "title": "Row of $each", "repeat": "each", "gridPos": _place(0, end + 1, 24, 1)},
        {**repeated, "gridPos": _place(0, end + 2, 6, 4)},
    ]  # fmt: skip


def _place(x: int, y: int, w: int, h: int) -> dict[str, int]:
    return {"x": x, "y": y, "w": w, "h": h}


def _panel(number: int, one: tuple[str, str, Any, Any, Any]) -> dict[str, Any]:
    kind, title, target, options, defaults = one
    across, down = (number - 1) % 4, (number - 1) // 4
    return {
        "id": number, "type": kind, "title": title, "options": options, "gridPos": _place(6 * across, 6 * down, 6, 6),
        "datasource": "Loki" if kind == "logs" else "Prometheus", "fieldConfig": {"defaults": defaults},
        "targets": [{"refId": "A", "legendFormat": "__auto", **target}] if target else [],
    }  # fmt: skip


TABLE = {"legend": {"displayMode": "table", "placement": "right", "calcs": ["max"], "sortBy": "Max", "sortDesc": True}}
PANELS: tuple[tuple[str, str, Any, Any, Any], ...] = (
    ("timeseries", "Lines", LOAD, {**TABLE, "tooltip": {"mode": "multi"}}, {"unit": "bytes"}),
    ("timeseries", "Stack", LOAD, {}, {"custom": {"fillOpacity": 50, "gradientMode": "opacity", "stacking": {"mode": "percent"}}}),
    ("timeseries", "Bars", LOAD, {}, {"custom": {"drawStyle": "bars", "thresholdsStyle": {"mode": "line+area"}}, "thresholds": STEPS}),
    ("stat", "Stat", ONE, {"colorMode": "background"}, {"thresholds": STEPS, "mappings": WORDS}),
    ("gauge", "Gauge", LOAD, {}, {"unit": "percent", "min": 0, "max": 10, "thresholds": STEPS}),
    ("bargauge", "Bar gauge", LOAD, {"orientation": "horizontal", "displayMode": "lcd"}, {"max": 10, "thresholds": STEPS}),
    ("table", "Table", ROWS, {"sortBy": [{"displayName": "host", "desc": True}]}, {"unit": "percent", "custom": {"cellOptions": {"type": "color-background"}}, "thresholds": STEPS}),
    ("piechart", "Pie", LOAD, {"pieType": "donut", "displayLabels": ["name"], "legend": {"values": ["percent"]}}, {}),
    ("barchart", "Bar chart", ROWS, {"showValue": "always", "xField": "host"}, {}),
    ("heatmap", "Heatmap", {"expr": "buckets", "format": "heatmap", "legendFormat": "{{le}}"}, {"yAxis": {"unit": "s"}}, {}),
    ("histogram", "Histogram", LOAD, {}, {}),
    ("state-timeline", "States", LOAD, {}, {"mappings": WORDS}),
    ("status-history", "History", LOAD, {}, {"mappings": WORDS}),
    ("logs", "Lines of a log", {"expr": '{job="app"}'}, {"showTime": True, "showCommonLabels": True}, {}),
    ("text", "Text", None, {"mode": "markdown", "content": "**host** is $host <script>alert(1)</script>"}, {}),
    ("alertlist", "Alerts", None, {}, {}),
    ("dashlist", "Boards", None, {"showSearch": True}, {}),
    ("annolist", "Marks", None, {}, {}),
    ("flamegraph", "Not known", LOAD, {}, {}),
    ("timeseries", "Broken", {"expr": "sum("}, {}, {}),
    ("timeseries", "Nothing", {"expr": "nothing_there"}, {}, {}),
)  # fmt: skip
BOARD: dict[str, Any] = {
    "uid": "kinds", "title": "Every kind", "tags": ["t"], "schemaVersion": 38, "refresh": "30s", "graphTooltip": 1,
    "time": {"from": "now-2m", "to": "now"}, "panels": panels(),
    "links": [{"type": "dashboards", "title": "Others", "tags": ["t"], "asDropdown": True, "keepTime": True}],
    "annotations": {"list": [{"name": "high", "enable": True, "datasource": "Prometheus", "expr": "load > 5", "step": "1s",
                              "titleFormat": "too much on {{host}}"}]},
    "templating": {"list": [
        {"name": "host", "type": "query", "datasource": "Prometheus", "query": "label_values(load, host)", "refresh": 2,
         "current": {"value": "a"}},
        {"name": "each", "type": "query", "datasource": "Prometheus", "query": "label_values(load, host)", "refresh": 2,
         "multi": True, "includeAll": True, "current": {"value": "$__all"}},
        {"name": "only", "type": "adhoc", "datasource": "Prometheus"},
    ]},
}  # fmt: skip
RULES = """
groups:
  - name: numbers
    interval: 1s
    rules:
      - {record: load, expr: vector(3), labels: {host: a}}
      - {record: load, expr: vector(7), labels: {host: b}}
      - {record: buckets, expr: vector(4), labels: {le: "0.1"}}
      - {record: buckets, expr: vector(9), labels: {le: "+Inf"}}
      - {alert: TooMuch, expr: load > 5}
"""
