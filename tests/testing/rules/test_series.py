"""Series as unit tests write them."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.testing.rules.series import metric, values
from promql.errors import ParseError
from promql.model.labels import Labels
from promql.model.staleness import is_absent, is_stale


def shown(text: str) -> list[float | str]:
    found = values(text)
    marks = zip(found.tolist(), is_stale(found), is_absent(found), strict=True)
    return ["stale" if stale else "_" if absent else value for value, stale, absent in marks]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("", []),
        ("1 2  3", [1.0, 2.0, 3.0]),
        ("-1.5 +.5 1e3", [-1.5, 0.5, 1000.0]),
        ("1x2", [1.0, 1.0, 1.0]),
        ("1+2x3", [1.0, 3.0, 5.0, 7.0]),
        ("1-1x2", [1.0, 0.0, -1.0]),
        ("-1-1x1", [-1.0, -2.0]),
        ("_ _x3 4", ["_", "_", "_", "_", 4.0]),
        ("_x0 4", [4.0]),
        ("stale", ["stale"]),
        ("0x10", [0.0] * 11),
        ("Inf -Inf", [math.inf, -math.inf]),
        ("Inf+1x1", [math.inf, math.inf]),
    ],
)
def test_an_item_stands_for_one_sample_or_many(text: str, wanted: list[float | str]) -> None:
    assert shown(text) == wanted


@pytest.mark.parametrize(
    "text", ["a", "1+x2", "1+1", "1x", "x3", "--1", "1x-2", "1.2.3", "stalex2", "0x1F", "nanx3", "1x99999999999"]
)
def test_what_is_no_item_is_refused(text: str) -> None:
    with pytest.raises(ParseError):
        values(text)


@given(st.floats(-1e6, 1e6), st.floats(0, 1e6), st.integers(0, 50))
def test_sums_are_added_up_one_by_one(first: float, delta: float, times: int) -> None:
    found = values(f"{first:.6f}+{delta:.6f}x{times}")
    one_by_one = [float(f"{first:.6f}")]
    for _ in range(times):
        one_by_one.append(one_by_one[-1] + float(f"{delta:.6f}"))
    assert np.array_equal(found, one_by_one)


def test_a_series_is_named_as_in_promql() -> None:
    assert metric('up{job="a"}') == Labels.of(__name__="up", job="a")
    assert metric("{}") == metric("") == Labels()
    with pytest.raises(ParseError, match='"=" alone'):
        metric('up{job=~"a"}')
