"""Transformations: from frames to frames."""

from __future__ import annotations

from typing import Any

import numpy as np

from engine.dashboards.frames.frame import Frame, typed
from engine.dashboards.frames.results import series_frames, table_frame
from engine.dashboards.transform.table import TRANSFORMS, transformed
from promql.model.labels import Labels
from promql.model.results import Matrix, Vector

VECTOR = Vector(
    1000,
    [Labels.of(__name__="up", job="api", instance="a"), Labels.of(__name__="up", job="db", instance="b")],
    np.array([1.0, 0.0]),
)
MATRIX = Matrix(
    np.array([0, 1000, 2000]), [Labels.of(x="1"), Labels.of(x="2")], np.array([[1.0, 2, 3], [4, 5, 6]]),
    np.array([[True, True, True], [True, False, True]]),
)  # fmt: skip


def run(frames: list[Frame], *steps: tuple[str, dict[str, Any]]) -> list[dict[str, list[Any]]]:
    """Columns by shown name."""
    from engine.dashboards.fields.names import calculated

    found, notes = transformed(frames, [{"id": name, "options": options} for name, options in steps])
    assert not notes
    return [{calculated(one, frame, found): one.plain() for one in frame.fields} for frame in found]


def table(**columns: list[Any]) -> Frame:
    return Frame(tuple(typed(name, values) for name, values in columns.items()), "A")


def test_a_table_of_a_query_has_its_labels_as_columns() -> None:
    (found,) = run([table_frame(VECTOR, "A")])
    assert found["job"] == ["api", "db"]
    assert found["Value"] == [1.0, 0.0]


def test_two_tables_merge_by_what_they_share() -> None:
    other = Vector(1000, [Labels.of(job="api", instance="a")], np.array([9.0]))
    (found,) = run([table_frame(VECTOR, "A", True), table_frame(other, "B", True)], ("merge", {}))
    assert found["Value #A"] == [1.0, 0.0]
    assert found["Value #B"] == [9.0, None]
    assert found["job"] == ["api", "db"]


def test_organize_hides_orders_and_renames() -> None:
    options = {
        "excludeByName": {"Time": True, "__name__": True},
        "indexByName": {"Value": 0, "job": 1},
        "renameByName": {"Value": "Up"},
    }
    (found,) = run([table_frame(VECTOR, "A")], ("organize", options))
    assert list(found) == ["Up", "job", "instance"]


def test_series_are_reduced_to_rows() -> None:
    (found,) = run(series_frames(MATRIX, "A", "s {{x}}", "q"), ("reduce", {"reducers": ["mean", "lastNotNull"]}))
    assert found == {"Field": ["s 1", "s 2"], "Mean": [2.0, 5.0], "Last *": [3.0, 6.0]}


def test_series_share_one_axis_after_a_join() -> None:
    (found,) = run(series_frames(MATRIX, "A", "{{x}}", "q"), ("joinByField", {"byField": "Time"}))
    assert found == {"Time": [0, 1000, 2000], "1": [1.0, 2.0, 3.0], "2": [4.0, None, 6.0]}


def test_groups_are_aggregated() -> None:
    options = {
        "fields": {"a": {"operation": "groupby"}, "b": {"operation": "aggregate", "aggregations": ["sum", "count"]}}
    }
    (found,) = run([table(a=["x", "y", "x"], b=[1, 2, 3])], ("groupBy", options))
    assert found == {"a": ["x", "y"], "b (sum)": [4.0, 2.0], "b (count)": [2.0, 1.0]}


def test_fields_are_calculated_of_two_and_of_rows() -> None:
    frame = table(a=[1, 2], b=[3, 0])
    (found,) = run(
        [frame], ("calculateField", {"mode": "binary", "binary": {"left": "a", "operator": "/", "right": "b"}})
    )
    assert found["a / b"] == [1 / 3, None]
    (found,) = run(
        [frame],
        ("calculateField", {"mode": "reduceRow", "reduce": {"reducer": "sum"}, "alias": "t", "replaceFields": True}),
    )
    assert found == {"t": [4.0, 2.0]}


def test_rows_are_filtered_sorted_and_limited() -> None:
    frame = table(n=["a", "b", "c"], v=[2, None, 1])
    keep = {
        "type": "include",
        "match": "all",
        "filters": [{"fieldName": "v", "config": {"id": "isNotNull", "options": {}}}],
    }
    (found,) = run(
        [frame], ("filterByValue", keep), ("sortBy", {"sort": [{"field": "v"}]}), ("limit", {"limitField": 1})
    )
    assert found == {"n": ["c"], "v": [1.0]}


def test_names_are_rewritten_and_filtered_by_patterns() -> None:
    frame = table(cpu_a=[1], cpu_b=[2], mem=[3])
    (found,) = run(
        [frame],
        ("filterFieldsByName", {"include": {"pattern": "/^cpu/"}}),
        ("renameByRegex", {"regex": "cpu_(.*)", "renamePattern": "$1!"}),
    )
    assert list(found) == ["a!", "b!"]


def test_labels_become_columns_and_texts_become_fields() -> None:
    (found,) = run(series_frames(VECTOR, "A", "", "q"), ("labelsToFields", {}))
    assert found["job"] == ["api", "db"]
    (found,) = run(
        [table(t=['{"a": 1, "b": "x"}', "no"])], ("extractFields", {"source": "t", "format": "json", "replace": True})
    )
    assert found == {"a": [1.0, None], "b": ["x", None]}


def test_one_that_is_not_known_is_left_out_and_said_so() -> None:
    frame = table(a=[1])
    found, notes = transformed([frame], [{"id": "nosuch", "options": {}}])
    assert found == [frame]
    assert "'nosuch' is not known" in notes[0]


def test_none_fails_without_frames_or_options() -> None:
    for transform in TRANSFORMS.values():
        assert transform([], {}) is not None
        assert transform([table(a=[1.0], b=["x"])], {}) is not None


def test_a_wide_panel_costs_what_its_series_cost() -> None:
    """Minimum and maximum are the panel's: each field reduced once, and not once for each other one."""
    from engine.dashboards.fields.display import prepared
    from engine.dashboards.units.format import Setting

    series = [Labels.of(i=str(n)) for n in range(2000)]
    values = np.arange(2000.0)[:, None] * np.ones(2)
    wide = Matrix(np.array([0, 1000]), series, values, np.ones((2000, 2), bool))
    shown = prepared(series_frames(wide, "A", "{{i}}", "q"), {}, Setting(), lambda _: None)
    assert {(row[1].config.low, row[1].config.high) for row in shown} == {(0.0, 1999.0)}
