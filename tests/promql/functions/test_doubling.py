from __future__ import annotations

import math

import numpy as np
import pytest

from promql.functions.doubling import overlapping, sums
from promql.functions.windows import Windows
from promql.model.types import FloatArray

NONE = np.empty(0, dtype=np.int64)


def windows(values: list[float], *edges: tuple[int, int]) -> Windows:
    lo, hi = (np.array([[edge[i] for edge in edges]], dtype=np.int64) for i in (0, 1))
    times = np.arange(len(values)) * 1000
    ends = np.zeros(len(edges), dtype=np.int64)
    return Windows(times, np.array([values]), lo, hi, ends, 1000, ends, NONE)


def one(cells: FloatArray) -> list[float]:
    return cells[0].tolist()


def test_windows_of_every_length_are_added_up() -> None:
    edges = [(a, b) for a in range(9) for b in range(a, 10)]
    values = [0.1 * i for i in range(9)] + [7.25]
    got = one(sums(windows(values, *edges)))
    assert got == pytest.approx([math.fsum(values[a:b]) for a, b in edges], rel=1e-15)


def test_a_small_sum_survives_between_large_ones() -> None:
    assert one(sums(windows([1e17, 2.7, -1e17, 0.5], (0, 3), (0, 4), (1, 2)))) == [2.7, 3.2, 2.7]


def test_a_small_reset_next_to_a_large_counter_is_exact() -> None:
    values = [1e17, 1e17 + 64, 0.1, 2.7, 0.2]
    assert one(sums(windows(values, (2, 5)))) == pytest.approx([3.0], rel=1e-15)


def test_infinite_samples_make_infinite_sums_where_they_are() -> None:
    with np.errstate(invalid="ignore"):
        got = one(sums(windows([1.5, math.inf, 2.5, -math.inf], (0, 1), (0, 2), (1, 3), (0, 4), (2, 3))))
    assert got[:3] == [1.5, math.inf, math.inf]
    assert math.isnan(got[3])
    assert got[4] == 2.5


def test_extremes_prefer_numbers_to_nan() -> None:
    got = one(overlapping(windows([math.nan, 1.0, math.nan], (0, 3), (0, 1), (1, 3)), np.fmax))
    assert got[0] == got[2] == 1.0
    assert math.isnan(got[1])


def test_no_window_at_all_is_fine() -> None:
    assert sums(windows([1.0])).shape == (1, 0)
