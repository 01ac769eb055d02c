"""Parts of dates. Values are Unix seconds, cut to whole ones, in UTC; without an argument the instant of evaluation."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final, TypeAlias

import numpy as np

from promql.functions.elementwise import GridCall, nameless
from promql.model.grid import Grid, Value
from promql.model.labels import EMPTY
from promql.model.types import AnyArray, FloatArray, IntArray

Part: TypeAlias = Callable[[AnyArray], AnyArray]
"""`datetime64[s]` to numbers."""

_FARTHEST: Final = 2**63 - 1
"""The last second that fits: the date of NaN and of what does not fit, as in Go, which wraps around to it."""


def of_date(part: Part) -> GridCall:
    """The function over grids that gives this part of each value's date."""

    def call(times: IntArray, args: Sequence[Value]) -> Value:
        if not args:
            now = (times // 1000).astype(np.float64)[None, :]
            return Grid([EMPTY], _parts(part, now), np.ones(now.shape, dtype=np.bool_))
        (grid,) = args
        assert isinstance(grid, Grid)
        return nameless(grid, _parts(part, grid.values))

    return call


def _parts(part: Part, seconds: FloatArray) -> FloatArray:
    dated = np.abs(seconds) < _FARTHEST
    whole = np.where(dated, np.where(dated, seconds, 0.0).astype(np.int64), _FARTHEST)
    return part(whole.astype("datetime64[s]")).astype(np.float64)


def year(dates: AnyArray) -> AnyArray:
    return dates.astype("datetime64[Y]").astype(np.int64) + 1970


def month(dates: AnyArray) -> AnyArray:
    return dates.astype("datetime64[M]").astype(np.int64) % 12 + 1


def day_of_month(dates: AnyArray) -> AnyArray:
    return _days(dates) - _first_of_month(dates) + 1


def day_of_week(dates: AnyArray) -> AnyArray:
    """Sunday is 0."""
    return (_days(dates) + 4) % 7


def day_of_year(dates: AnyArray) -> AnyArray:
    return _days(dates) - dates.astype("datetime64[Y]").astype("datetime64[D]").astype(np.int64) + 1


def days_in_month(dates: AnyArray) -> AnyArray:
    after = (dates.astype("datetime64[M]") + np.timedelta64(1, "M")).astype("datetime64[D]").astype(np.int64)
    return after - _first_of_month(dates)


def hour(dates: AnyArray) -> AnyArray:
    return dates.astype(np.int64) // 3600 % 24


def minute(dates: AnyArray) -> AnyArray:
    return dates.astype(np.int64) // 60 % 60


def _days(dates: AnyArray) -> AnyArray:
    return dates.astype("datetime64[D]").astype(np.int64)


def _first_of_month(dates: AnyArray) -> AnyArray:
    return dates.astype("datetime64[M]").astype("datetime64[D]").astype(np.int64)
