"""Changed dashboards look like the files that they were."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.dashboards.files.rewriting import rewritten
from tests.conftest import shared

SCALARS = st.none() | st.booleans() | st.integers(-9, 9) | st.floats(-9, 9) | st.text('aä"\\\n{[', max_size=4)
VALUES = st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from("abcdid"), inner, max_size=4), max_leaves=6)  # fmt: skip
OBJECTS = st.dictionaries(st.sampled_from(["a", "b", "c", "id", "panels"]), VALUES, max_size=4)
LAYOUTS = st.sampled_from([{}, {"indent": 2}, {"indent": "\t"}, {"separators": (",", ":")}, {"indent": 1, "ensure_ascii": False}])  # fmt: skip


@given(before=OBJECTS, after=OBJECTS, layout=LAYOUTS)
def test_what_is_written_is_what_was_given_and_nothing_changes_where_nothing_did(
    before: dict[str, Any], after: dict[str, Any], layout: dict[str, Any]
) -> None:
    text = json.dumps(before, **layout)
    assert json.loads(rewritten(text, after)) == after
    assert rewritten(text, before) == text


@given(before=OBJECTS, name=st.sampled_from("xyz"))
def test_one_more_key_adds_one_line_and_taking_it_away_gives_the_file_back(before: dict[str, Any], name: str) -> None:
    text = json.dumps({"panels": [], **before}, indent=4)
    more = rewritten(text, {**json.loads(text), name: 1})
    assert len(more.split("\n")) == len(text.split("\n")) + 1
    assert rewritten(more, json.loads(text)) == text


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ('{"a": [1,2], "b": 1.0}\n', {"a": [1, 2], "b": 1, "c": True}, '{"a": [1,2], "b": 1.0, "c": true}\n'),
        ('{"dashboard": {"title":"x"}}', {"title": "y"}, '{"dashboard": {"title":"y"}}'),
        ('{\r\n "a": 1\r\n}', {"a": 2, "b": []}, '{\r\n "a": 2,\r\n "b": []\r\n}'),
        ('{\n  "panels": [ {"id":1}, {"id":2} ]\n}', {"panels": [{"id": 2}]}, '{\n  "panels": [ {"id":2} ]\n}'),
        ("[[1,2],\n 3]", {"a": 1}, '{"a":1}'),
        ('{"a": [1, 2], "b": 2}', {"b": 2, "a": [0, 1, 2, 3]}, '{"a": [0, 1, 2, 3], "b": 2}'),
        ('{\n  "a": {"x": 1, "y": 2},\n  "b": 3\n}', {"a": {"x": 1, "y": 9}, "b": 3, "c": {"d": 1}}, '{\n  "a": {"x": 1, "y": 9},\n  "b": 3,\n  "c": {\n    "d": 1\n  }\n}'),
        ('{"a": 1', {"a": 1}, '{\n  "a": 1\n}\n'),
        ('{"a": true}', {"a": 1}, '{"a": 1}'),
        ('{"a": "\\u00e4"}', {"b": "ö"}, '{"b": "\\u00f6"}'),
    ],
)  # fmt: skip
def test_the_manner_of_the_file_stays(before: str, after: dict[str, Any], expected: str) -> None:
    assert rewritten(before, after) == expected


def test_a_new_title_is_one_line_of_any_real_dashboard() -> None:
    for file in sorted((shared("conformance", "ENGINE_CONFORMANCE") / "grafana").glob("*.json")):
        text = file.read_text()
        content = json.loads(text)
        board = content if "panels" in content or "rows" in content else content.get("dashboard", content)
        assert rewritten(text, board) == text, file.name
        changed = rewritten(text, {**board, "title": "quite another"})
        pairs = zip(text.split("\n"), changed.split("\n"), strict=True)
        assert sum(one != other for one, other in pairs) == 1, file.name
