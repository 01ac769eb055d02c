"""Label values that browsers choose."""

from __future__ import annotations

import logging

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporters.browser.labels import LabelValues, tidy


@pytest.mark.parametrize(
    ("told", "shown"),
    [
        ("/orders/1234/edit?tab=2#top", "/orders/:id/edit"),
        ("https://shop.example.com/cart", "/cart"),
        ("https://shop.example.com", "/"),
        ("/u/0f8fad5b-d9cb-469f-a165-70867728950e", "/u/:id"),
        ("/s/a1b2c3d4e5f6a7b8c9d0", "/s/:id"),
        ("/internationalisation", "/internationalisation"),
        ("Dashboard", "Dashboard"),
        ("save: which one?", "save: which one?"),
        ("", "unknown"),
        ("  ", "unknown"),
        ("/" + "x" * 500, "/" + "x" * 119),
    ],
)
def test_a_page_loses_what_only_one_visit_has(told: str, shown: str) -> None:
    assert tidy(told) == shown


@given(told=st.text(max_size=400))
def test_a_label_value_is_never_empty_nor_long(told: str) -> None:
    assert 1 <= len(tidy(told)) <= 120


def test_values_beyond_the_first_are_one_and_that_is_told_once(caplog: pytest.LogCaptureFixture) -> None:
    values = LabelValues(2)
    with caplog.at_level(logging.WARNING):
        assert [values.admit("f", name) for name in "abcda"] == ["a", "b", "other", "other", "a"]
    assert [record.getMessage() for record in caplog.records] == [
        "f has 2 label values: further ones are counted as 'other'"
    ]
    assert values.admit("another family", "c") == "c"
