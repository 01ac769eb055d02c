from __future__ import annotations

import calendar as reference
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from promql.functions import calendar
from promql.functions.table import FUNCTIONS, OverGrids
from promql.model.grid import Grid
from promql.model.labels import Labels

PARTS = {
    calendar.year: lambda d: d.year,
    calendar.month: lambda d: d.month,
    calendar.day_of_month: lambda d: d.day,
    calendar.day_of_week: lambda d: d.isoweekday() % 7,
    calendar.day_of_year: lambda d: d.timetuple().tm_yday,
    calendar.days_in_month: lambda d: reference.monthrange(d.year, d.month)[1],
    calendar.hour: lambda d: d.hour,
    calendar.minute: lambda d: d.minute,
}


@pytest.mark.parametrize("part", PARTS)
@given(seconds=st.lists(st.integers(-62_135_596_800, 253_402_300_799), min_size=1))
def test_dates_are_those_of_the_calendar(part: calendar.Part, seconds: list[int]) -> None:
    dates = [datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=s) for s in seconds]
    got = part(np.array(seconds).astype("datetime64[s]")).tolist()
    assert got == [PARTS[part](date) for date in dates]


def test_without_an_argument_it_is_the_instant_of_evaluation_without_labels() -> None:
    row = FUNCTIONS["minute"]
    assert isinstance(row, OverGrids)
    grid = row.call(np.array([0, 61_999, 7_200_000]), [])
    assert isinstance(grid, Grid)
    assert grid.labels == [Labels()]
    assert grid.values.tolist() == [[0.0, 1.0, 0.0]]


def test_fractions_are_cut_towards_zero_and_nan_is_the_last_date_of_all() -> None:
    row = FUNCTIONS["year"]
    assert isinstance(row, OverGrids)
    values = np.array([[-0.5, 1.9, np.nan, np.inf]])
    grid = row.call(np.zeros(4, dtype=np.int64), [Grid([Labels()], values, np.ones((1, 4), dtype=np.bool_))])
    assert isinstance(grid, Grid)
    assert grid.values.tolist() == [[1970.0, 1970.0, 292277026596.0, 292277026596.0]]
