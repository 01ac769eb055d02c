from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from promql.errors import EvaluationError
from promql.functions.histograms import histogram_quantile
from promql.model.grid import Grid
from promql.model.labels import Labels

BOUNDS = ("-1", "0", "0.5", "2", "+Inf")


def answer(q: float, rows: list[tuple[dict[str, str], list[float | None]]]) -> Grid:
    steps = len(rows[0][1])
    values = np.array([[0.0 if v is None else v for v in row] for _, row in rows])
    present = np.array([[v is not None for v in row] for _, row in rows])
    grid = Grid([Labels.of(labels) for labels, _ in rows], values, present)
    with np.errstate(all="ignore"):
        out = histogram_quantile(np.zeros(steps, dtype=np.int64), [np.full(steps, q), grid])
    assert isinstance(out, Grid)
    return out


def plain(q: float, buckets: list[tuple[float, float]]) -> float:
    """Prometheus's loop over one histogram's buckets (bound, count), sorted."""
    if math.isnan(q):
        return math.nan
    if not 0 <= q <= 1:
        return math.copysign(math.inf, q)
    if len(buckets) < 2 or buckets[-1][0] != math.inf:
        return math.nan
    highest, counts = -math.inf, []
    for _, count in buckets:
        highest = max(highest, count)
        counts.append(highest)
    if counts[-1] == 0:
        return math.nan
    rank = q * counts[-1]
    b = next((i for i, count in enumerate(counts[:-1]) if count >= rank), len(counts) - 1)
    if b == len(counts) - 1:
        return buckets[-2][0]
    if b == 0 and buckets[0][0] <= 0:
        return buckets[0][0]
    start, before = (buckets[b - 1][0], counts[b - 1]) if b else (0.0, 0.0)
    inside = counts[b] - before
    return start + (buckets[b][0] - start) * ((rank - before) / inside if inside else math.nan)


@given(
    q=st.sampled_from([0, 0.1, 0.5, 0.9, 1, -1, 2, math.nan]),
    columns=st.lists(
        st.lists(st.one_of(st.integers(0, 20).map(float), st.none()), min_size=len(BOUNDS), max_size=len(BOUNDS)),
        min_size=1,
    ),
)
def test_buckets_that_come_and_go_are_judged_step_by_step(q: float, columns: list[list[float | None]]) -> None:
    rows = [({"le": bound, "a": "1"}, [column[i] for column in columns]) for i, bound in enumerate(BOUNDS)]
    out = answer(q, rows)
    for step, column in enumerate(columns):
        buckets = [(float(bound), count) for bound, count in zip(BOUNDS, column, strict=True) if count is not None]
        assert out.present[0, step] == bool(buckets)
        if buckets:
            got, want = out.values[0, step], plain(q, buckets)
            assert got == want or math.isclose(got, want) or (math.isnan(got) and math.isnan(want))


def test_one_bound_written_in_two_ways_is_one_bucket() -> None:
    out = answer(0.5, [({"le": "1"}, [1.0]), ({"le": "1.0"}, [1.0]), ({"le": "1e0"}, [None]), ({"le": "+Inf"}, [2.0])])
    assert out.values.tolist() == [[0.5]]


def test_what_has_no_bound_is_left_out() -> None:
    out = answer(0.5, [({"le": "x"}, [1.0]), ({"a": "1"}, [1.0]), ({"le": " 1"}, [1.0])])
    assert list(out.labels) == []


def test_names_are_dropped_and_must_not_be_all_that_differs() -> None:
    rows = [({"__name__": name, "le": le}, [1.0]) for name in ("a", "b") for le in ("1", "+Inf")]
    with pytest.raises(EvaluationError, match="vector cannot contain metrics with the same labelset"):
        answer(0.5, rows)
    assert list(answer(0.5, rows[:2]).labels) == [Labels()]


def test_histograms_of_several_layouts_keep_their_order() -> None:
    rows = [
        ({"h": h, "le": le}, [4.0])
        for h, les in (("b", "1 +Inf"), ("a", "2 4 +Inf"), ("c", "1 +Inf"))
        for le in les.split()
    ]
    assert [labels.get("h") for labels in answer(0.5, rows).labels] == ["b", "a", "c"]
