"""The fast evaluator and the slow twin agree on whole expressions over untidy data: 200 cases in CI, thousands at night."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from promql.errors import EvaluationError
from promql.model.labels import Labels
from promql.model.results import Matrix, Result, Vector
from promql.syntax.parser import parse
from tests.promql.memory_store import MemoryStore
from tests.promql.twin.evaluator import Twin, Value
from tests.promql.twin.strategies import EXPRESSIONS, START, Fleet, fleets
from tests.promql.twin.vectors import Key, TwinError

LOOKBACK = 25_000
DEFAULT_STEP = 10_000
CASES = max(200, settings.default.max_examples if settings.default is not None else 0)

Cells = dict[tuple[Key, int], float]

windows = st.builds(
    lambda begin, step, count: [START + begin + i * step for i in range(count)],
    st.integers(-20_000, 150_000),
    st.sampled_from([1_000, 5_000, 9_000, 60_000]),
    st.integers(1, 12),
)


def expected(fleet: Fleet, text: str, times: Sequence[int]) -> Value | None:
    """None for an error."""
    twin = Twin(fleet, times[0], times[-1], LOOKBACK, DEFAULT_STEP)
    try:
        return twin.value(parse(text), times)
    except TwinError:
        return None


def evaluated(fleet: Fleet, text: str, times: Sequence[int], *, instant: bool) -> Result | None:
    store = MemoryStore()
    for key, samples in fleet:
        store.extend(Labels(key), samples)
    step = times[1] - times[0] if len(times) > 1 else 1000
    bounds = () if instant else (times[-1], step)
    try:
        return store.query(text, times[0], *bounds, lookback_ms=LOOKBACK, default_step_ms=DEFAULT_STEP)
    except EvaluationError:
        return None


def cells(value: Value, times: Sequence[int]) -> Cells:
    return {
        (key, t): number
        for t, one in zip(times, value, strict=True)
        for key, number in (one if isinstance(one, list) else [((), one)])
    }


def cells_of(result: Matrix) -> Cells:
    return {
        (labels.pairs, t): float(v)
        for labels, row, there in zip(result.labels, result.values, result.present, strict=True)
        for t, v, here in zip(result.times.tolist(), row, there, strict=True)
        if here
    }


def alike(got: float, want: float) -> bool:
    if math.isnan(got) or math.isnan(want):
        return math.isnan(got) and math.isnan(want)
    return got == want or math.isclose(got, want, rel_tol=1e-9, abs_tol=1e-6)


def compare(got: Cells, want: Cells) -> None:
    assert got.keys() == want.keys()
    wrong = {key: (got[key], want[key]) for key in want if not alike(got[key], want[key])}
    assert not wrong


@settings(max_examples=CASES, suppress_health_check=list(HealthCheck))
@given(fleet=fleets(), text=EXPRESSIONS, times=windows)
def test_a_range_query_gives_what_the_slow_twin_gives(fleet: Fleet, text: str, times: list[int]) -> None:
    want, got = expected(fleet, text, times), evaluated(fleet, text, times, instant=False)
    if want is None or got is None:
        assert want is got
        return
    assert isinstance(got, Matrix)
    compare(cells_of(got), cells(want, times))


@settings(max_examples=CASES, suppress_health_check=list(HealthCheck))
@given(fleet=fleets(), text=EXPRESSIONS, at=st.integers(-20_000, 200_000))
def test_an_instant_query_gives_what_the_slow_twin_gives(fleet: Fleet, text: str, at: int) -> None:
    times = [START + at]
    want, got = expected(fleet, text, times), evaluated(fleet, text, times, instant=True)
    if want is None or got is None:
        assert want is got
        return
    assert isinstance(got, Vector)
    found: dict[Any, float] = {
        (labels.pairs, got.time): v for labels, v in zip(got.labels, got.values.tolist(), strict=True)
    }
    compare(found, cells(want, times))
