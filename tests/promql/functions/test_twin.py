"""Range functions and selectors against plain loops, over series with gaps, resets, NaN, infinities and stale markers,
that share their instants or not.
"""

from __future__ import annotations

import math
import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from promql.model.labels import Labels
from promql.model.results import Matrix
from promql.model.staleness import NORMAL_NAN, STALE_NAN
from tests.promql.functions.twin import TWINS, Twin
from tests.promql.memory_store import MemoryStore

START = 1_000_000
Fleet = dict[Labels, list[tuple[int, float]]]
STALE = object()

plain_values = st.one_of(
    st.integers(0, 50).map(float), st.floats(-1000, 1000, allow_subnormal=False).map(lambda v: round(v, 4))
)
odd_values = st.sampled_from([float(NORMAL_NAN), math.inf, -math.inf, 0.0, -0.0, 5.0])


@st.composite
def fleets(draw: st.DrawFn) -> Fleet:
    """Up to 40 series; those of one group have the same instants, but for gaps."""
    odd = draw(st.booleans())
    value = st.one_of(plain_values, odd_values) if odd else plain_values
    point = st.one_of(value, value, value, st.just(None), st.just(STALE))
    fleet: Fleet = {}
    for group in range(draw(st.integers(1, 3))):
        every, offset = draw(st.sampled_from([1000, 7000, 15_000])), draw(st.integers(0, 20_000))
        length = draw(st.integers(1, 40))
        repeats = draw(st.sampled_from([1, 1, 2, 20]))
        points = draw(st.lists(point, min_size=length, max_size=length))
        gaps = draw(st.booleans())
        for one in range(repeats):
            shift = one if gaps else 0
            turned = points[shift:] + points[:shift]
            fleet[Labels.of(__name__="x", group=str(group), one=str(one))] = [
                (START + offset + i * every, float(STALE_NAN) if p is STALE else p)
                for i, p in enumerate(turned if gaps else [0.0 if p is None else p for p in turned])
                if p is not None
            ]
    return {labels: samples for labels, samples in fleet.items() if samples}


def is_stale(value: float) -> bool:
    return struct.pack("<d", value) == struct.pack("<d", float(STALE_NAN))


def stored(fleet: Fleet) -> MemoryStore:
    store = MemoryStore()
    for labels, samples in fleet.items():
        store.extend(labels, samples)
    return store


def expected(fleet: Fleet, twin: Twin, length: int, offset: int, times: list[int]) -> dict[tuple[Labels, int], float]:
    out = {}
    for labels, samples in fleet.items():
        for at in times:
            end = at - offset
            window = [(t, v) for t, v in samples if end - length <= t <= end and not is_stale(v)]
            value = twin(window, end - length, end, at) if window else None
            if value is not None:
                out[labels.without_name(), at] = value
    return out


def alike(got: float, want: float, scale: float) -> bool:
    if math.isnan(got) or math.isnan(want):
        return math.isnan(got) and math.isnan(want)
    return got == want or math.isclose(got, want, rel_tol=1e-9, abs_tol=1e-9 * scale)


def check(result: object, want: dict[tuple[Labels, int], float], scale: float) -> None:
    assert isinstance(result, Matrix)
    got = {
        (labels.without_name(), t): float(v)
        for labels, row, there in zip(result.labels, result.values, result.present, strict=True)
        for t, v, p in zip(result.times.tolist(), row, there, strict=True)
        if p
    }
    assert got.keys() == want.keys()
    for key, value in want.items():
        assert alike(got[key], value, scale), f"{key}: {got[key]!r} is not {value!r}"


windows = st.builds(
    lambda step, count: [START + i * step for i in range(count)],
    st.sampled_from([1000, 9000, 60_000]),
    st.integers(2, 30),
)


@pytest.mark.parametrize("query", TWINS)
@settings(max_examples=30)
@given(
    fleet=fleets(),
    length=st.sampled_from([1000, 10_000, 33_333, 300_000]),
    offset=st.sampled_from([0, 0, 5000]),
    times=windows,
)
def test_a_range_function_agrees_with_its_slow_twin(
    query: str, fleet: Fleet, length: int, offset: int, times: list[int]
) -> None:
    text = query.format(r=f"{length}ms").replace("]", f"] offset {offset}ms" if offset else "]")
    finite = [abs(v) for samples in fleet.values() for _, v in samples if math.isfinite(v)]
    want = expected(fleet, TWINS[query], length, offset, times)
    check(stored(fleet).query(text, times[0], times[-1], times[1] - times[0]), want, max(finite, default=1.0) ** 2 + 1)


@settings(max_examples=100)
@given(fleet=fleets(), lookback=st.sampled_from([1000, 10_000, 300_000]), times=windows)
def test_an_instant_selector_takes_the_newest_sample_unless_it_is_stale(
    fleet: Fleet, lookback: int, times: list[int]
) -> None:
    want = {}
    for labels, samples in fleet.items():
        for at in times:
            seen = [v for t, v in samples if at - lookback <= t <= at]
            if seen and not is_stale(seen[-1]):
                want[labels.without_name(), at] = seen[-1]
    result = stored(fleet).query("x", times[0], times[-1], times[1] - times[0], lookback_ms=lookback)
    check(result, want, 0.0)
