"""Dashboards of old schemas in today's shape."""

from __future__ import annotations

from typing import Any

from engine.dashboards.migrate.steps import migrated
from engine.dashboards.model import board


def one(**panel: Any) -> dict[str, Any]:
    found: dict[str, Any] = migrated({"title": "t", "panels": [{"id": 1, **panel}]})["panels"][0]
    return found


def test_rows_of_twelfths_become_places_on_the_grid() -> None:
    rows = [
        {"height": "250px", "panels": [{"id": 1, "span": 6}, {"id": 2, "span": 6}, {"id": 3, "span": 12}]},
        {"height": 100, "panels": [{"id": 4, "span": 3}]},
    ]
    places = [tuple(p["gridPos"][k] for k in "xywh") for p in migrated({"rows": rows})["panels"]]
    assert places == [(0, 0, 12, 7), (12, 0, 12, 7), (0, 7, 24, 7), (0, 14, 6, 3)]


def test_a_collapsed_row_keeps_its_panels_inside() -> None:
    rows = [{"collapse": True, "title": "more", "panels": [{"id": 1, "span": 12}]}, {"panels": [{"id": 2, "span": 4}]}]
    head, second, last = migrated({"rows": rows})["panels"]
    assert (head["type"], head["collapsed"], [p["id"] for p in head["panels"]]) == ("row", True, [1])
    assert (second["type"], last["id"]) == ("row", 2)


def test_a_graph_keeps_its_look_as_a_timeseries() -> None:
    found = one(
        type="graph", fill=2, linewidth=3, stack=True, steppedLine=True, nullPointMode="connected",
        yaxes=[{"format": "bytes", "min": "0", "logBase": 2, "label": "x"}, {"format": "percent"}],
        legend={"show": True, "values": True, "avg": True, "current": True, "alignAsTable": True, "rightSide": True},
        seriesOverrides=[{"alias": "/in.*/", "yaxis": 2, "transform": "negative-Y"}], aliasColors={"a": "#fff"},
        thresholds=[{"op": "gt", "value": 80, "fill": True, "line": True, "colorMode": "critical"}],
    )  # fmt: skip
    defaults = found["fieldConfig"]["defaults"]
    custom = defaults["custom"]
    assert found["type"] == "timeseries"
    assert (defaults["unit"], defaults["min"], custom["fillOpacity"], custom["lineWidth"]) == ("bytes", 0, 20, 3)
    assert (custom["stacking"]["mode"], custom["lineInterpolation"], custom["spanNulls"]) == (
        "normal",
        "stepAfter",
        True,
    )
    assert custom["scaleDistribution"] == {"type": "log", "log": 2}
    assert defaults["thresholds"]["steps"] == [{"value": None, "color": "transparent"}, {"value": 80.0, "color": "red"}]
    legend = found["options"]["legend"]
    assert (legend["displayMode"], legend["placement"], legend["calcs"]) == ("table", "right", ["mean", "lastNotNull"])
    by_name, by_pattern = found["fieldConfig"]["overrides"]
    assert by_name["matcher"] == {"id": "byName", "options": "a"}
    told = {p["id"]: p["value"] for p in by_pattern["properties"]}
    assert told["custom.axisPlacement"] == "right"
    assert (told["unit"], told["custom.transform"]) == ("percent", "negative-Y")


def test_a_singlestat_becomes_a_stat_or_a_gauge() -> None:
    found = one(
        type="singlestat", format="percent", valueName="current", thresholds="70,90", colors=["a", "b", "c"],
        colorBackground=True, valueMaps=[{"op": "=", "text": "N/A", "value": "null"}, {"text": "up", "value": "1"}],
        sparkline={"show": True}, gauge={"show": False},
    )  # fmt: skip
    assert (found["type"], found["options"]["colorMode"], found["options"]["graphMode"]) == (
        "stat",
        "background",
        "area",
    )
    assert found["options"]["reduceOptions"]["calcs"] == ["lastNotNull"]
    defaults = found["fieldConfig"]["defaults"]
    assert [(s["value"], s["color"]) for s in defaults["thresholds"]["steps"]] == [(None, "a"), (70, "b"), (90, "c")]
    assert [m["type"] for m in defaults["mappings"]] == ["value", "special"]
    gauge = one(type="singlestat", gauge={"show": True, "minValue": 0, "maxValue": 10}, format="short")
    assert (gauge["type"], gauge["fieldConfig"]["defaults"]["max"]) == ("gauge", 10)


def test_styles_of_old_tables_become_overrides() -> None:
    found = one(
        type="table", transform="table",
        styles=[
            {"pattern": "Time", "type": "date", "dateFormat": "YYYY"}, {"pattern": "Value", "alias": "Load", "unit": "percent",
             "type": "number", "colorMode": "cell", "thresholds": ["1"], "colors": ["green", "red"]},
            {"pattern": "secret", "type": "hidden"},
        ],
    )  # fmt: skip
    named = {
        o["matcher"]["options"]: {p["id"]: p["value"] for p in o["properties"]}
        for o in found["fieldConfig"]["overrides"]
    }
    assert named["Time"]["unit"] == "time: YYYY"
    assert named["Value"]["displayName"] == "Load"
    assert named["Value"]["custom.cellOptions"] == {"type": "color-background"}
    assert named["secret"]["custom.hidden"] is True
    assert found["transformations"][0]["id"] == "merge"


def test_clones_of_old_repetitions_are_left_out() -> None:
    panels = [{"id": 1, "type": "stat"}, {"id": 2, "type": "stat", "repeatPanelId": 1}]
    assert [p["id"] for p in migrated({"panels": panels})["panels"]] == [1]


def test_what_is_given_is_not_changed() -> None:
    given = {"panels": [{"id": 1, "type": "graph", "yaxes": [{"format": "s"}]}]}
    migrated(given)
    assert given == {"panels": [{"id": 1, "type": "graph", "yaxes": [{"format": "s"}]}]}


def test_a_type_that_nobody_knows_is_a_table_and_says_so() -> None:
    (panel,) = board({"title": "t", "panels": [{"id": 1, "type": "grafana-worldmap-panel"}]}).panels
    assert panel.kind == "table"
    assert "grafana-worldmap-panel" in panel.notes[0]


def test_nonsense_is_read_as_missing() -> None:
    found = board(
        {"title": 5, "panels": [7, {"type": "graph", "yaxes": "x", "targets": {"a": 1}}], "templating": [], "time": 3}
    )
    assert (found.title, len(found.panels), found.time_from) == ("", 1, "now-6h")
