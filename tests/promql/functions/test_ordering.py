"""Rows by the values of labels, as a person would sort them."""

from __future__ import annotations

import pytest

from promql.functions.ordering import comes_before
from promql.model.labels import Labels
from promql.model.results import Vector
from tests.promql.memory_store import MemoryStore


@pytest.mark.parametrize(
    ("earlier", "later"),
    [
        ("cpu2", "cpu10"),
        ("2", "10"),
        ("a", "b"),
        ("a", "a1"),
        ("", "a"),
        ("a1b2", "a1b10"),
        ("1.9", "1.10"),
        ("9", "a"),
        ("01", "1"),
        ("007", "10"),
        ("1" * 5000, "2" * 5000),
    ],
)
def test_numbers_inside_a_text_count_as_numbers(earlier: str, later: str) -> None:
    assert comes_before(earlier, later)
    assert not comes_before(later, earlier)


def sorted_by(query: str, *labels: dict[str, str]) -> list[dict[str, str]]:
    store = MemoryStore()
    for one in labels:
        store.append(Labels.of(one, __name__="x"), 0, 1.0)
    result = store.query(query, 0)
    assert isinstance(result, Vector)
    return [one.without_name().as_dict() for one in result.labels]


ROWS = [{"a": "10", "b": "1"}, {"a": "9", "b": "2"}, {"a": "9", "b": "1"}, {"b": "3"}]


def test_rows_are_sorted_by_the_labels_that_are_named_and_then_by_all() -> None:
    assert sorted_by('sort_by_label(x, "a")', *ROWS) == [ROWS[3], ROWS[2], ROWS[1], ROWS[0]]
    assert sorted_by('sort_by_label(x, "b", "a")', *ROWS) == [ROWS[2], ROWS[0], ROWS[1], ROWS[3]]
    assert sorted_by("sort_by_label(x)", *ROWS) == [ROWS[0], ROWS[2], ROWS[1], ROWS[3]]


def test_descending_order_is_the_reverse() -> None:
    for labels in ('"a"', '"b"', '"b", "a"'):
        down = sorted_by(f"sort_by_label_desc(x, {labels})", *ROWS)
        assert down == sorted_by(f"sort_by_label(x, {labels})", *ROWS)[::-1]
