from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from promql.execute.reduce import REDUCTIONS
from promql.model.types import BoolArray, FloatArray

numbers = st.one_of(
    st.floats(-1e6, 1e6).map(lambda v: v if abs(v) > 1e-100 else 0.0),  # squares below that lose their digits
    st.sampled_from([math.nan, math.inf, -math.inf, 0.0, -0.0, 13.3, 13.3, 9.988465674311579e307]),
)


def reduced(
    op: str, values: FloatArray, present: BoolArray, groups: list[int], cut: int
) -> tuple[FloatArray, BoolArray]:
    """Rows taken in in two pieces."""
    state = REDUCTIONS[op](max(groups) + 1, values.shape[1])
    with np.errstate(all="ignore"):
        for rows in (slice(0, cut), slice(cut, None)):
            if len(groups[rows]):
                state.add(np.array(groups[rows]), slice(0, values.shape[1]), values[rows], present[rows])
        return state.values(), state.count > 0


def plain(op: str, values: list[float]) -> float:
    """Prometheus's loops, one value after another."""
    total, mean, squares, best = values[0], values[0], 0.0, values[0]
    for n, value in enumerate(values[1:], 2):
        total += value
        if not (math.isinf(mean) and not math.isnan(value) and (not math.isinf(value) or (value > 0) == (mean > 0))):
            mean += value / n - mean / n
        if math.isnan(best) or (value > best if op == "max" else value < best):
            best = value
    if op in ("stddev", "stdvar"):
        middle = values[0]
        for n, value in enumerate(values[1:], 2):
            gap = value - middle
            middle += gap / n
            squares += gap * (value - middle)
    variance = squares / len(values)
    return {
        "sum": total, "avg": mean, "max": best, "min": best, "count": float(len(values)), "group": 1.0,
        "stdvar": variance, "stddev": math.sqrt(variance) if variance >= 0 else math.nan,
    }[op]  # fmt: skip


@pytest.mark.parametrize("op", REDUCTIONS)
@given(
    rows=st.lists(
        st.tuples(st.integers(0, 2), st.lists(st.one_of(numbers, st.none()), min_size=3, max_size=3)), min_size=1
    ),
    cut=st.integers(0, 10),
)
def test_rows_taken_in_by_pieces_come_to_what_a_loop_gives(
    op: str, rows: list[tuple[int, list[float | None]]], cut: int
) -> None:
    groups = [group for group, _ in rows]
    present = np.array([[v is not None for v in row] for _, row in rows])
    values = np.array([[7.0 if v is None else v for v in row] for _, row in rows])
    got, there = reduced(op, values, present, groups, cut)
    for group in range(max(groups) + 1):
        for step in range(3):
            seen = [row[step] for g, row in rows if g == group and row[step] is not None]
            assert there[group, step] == bool(seen)
            if seen and not (op.startswith("std") and max(map(abs, seen)) > 1e150):
                assert alike(got[group, step], plain(op, seen), op, seen)


def alike(got: float, want: float, op: str, seen: list[float]) -> bool:
    if math.isnan(got) or math.isnan(want):
        return math.isnan(got) and math.isnan(want)
    if op == "sum":
        return got == want and math.copysign(1, got) == math.copysign(1, want)
    scale = max(map(abs, seen))
    if math.isinf(scale):
        return got == want
    power = 2 if op == "stdvar" else 1
    return got == want or math.isclose(
        got, want, rel_tol=1e-9, abs_tol=1e-9 * scale**power + (1e-7 * scale * (op == "stddev"))
    )


@pytest.mark.parametrize("op", REDUCTIONS)
def test_one_mask_for_all_rows_is_the_same_as_one_for_each(op: str) -> None:
    values = np.arange(12.0).reshape(4, 3)
    mask = np.array([[True, False, True]])
    groups = np.array([1, 0, 1, 1])
    answers = []
    for present in (mask, np.repeat(mask, 4, axis=0)):
        state = REDUCTIONS[op](2, 3)
        with np.errstate(all="ignore"):
            state.add(groups, slice(0, 3), values, present)
            answers.append((state.values()[:, mask[0]].tolist(), state.count.tolist()))
    assert answers[0] == answers[1]


def test_equal_values_have_no_variance_at_all() -> None:
    values = np.full((10, 1), 1.5990505637277868)
    got, _ = reduced("stddev", values, np.ones((10, 1), dtype=np.bool_), [0] * 10, 5)
    assert got.tolist() == [[0.0]]


def test_the_mean_of_huge_values_does_not_overflow() -> None:
    values = np.full((4, 1), 9.988465674311579e307)
    got, _ = reduced("avg", values, np.ones((4, 1), dtype=np.bool_), [0] * 4, 1)
    assert got.tolist() == [[9.988465674311579e307]]
