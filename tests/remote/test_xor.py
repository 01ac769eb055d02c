"""Chunks of remote read."""

from __future__ import annotations

import struct
from itertools import accumulate

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from engine.remote.xor import xor_chunk
from tests.remote.xor_reader import samples

VALUES = st.one_of(
    st.floats(allow_nan=True), st.integers(-1000, 1000).map(float), st.sampled_from([0.0, -0.0, 1.0, 1e300, 5e-324])
)
STEPS = st.one_of(st.just(15_000), st.integers(1, 70_000), st.integers(1, 2**40))


@given(
    start=st.integers(-(2**45), 2**45),
    pairs=st.lists(st.tuples(STEPS, VALUES), min_size=1, max_size=200),
)
def test_a_chunk_is_read_back_bit_by_bit(start: int, pairs: list[tuple[int, float]]) -> None:
    times = [start, *list(accumulate((step for step, _ in pairs), initial=start))[1:-1]]
    values = np.array([value for _, value in pairs])
    told = [(time, struct.pack(">d", value)) for time, value in zip(times, values, strict=True)]
    assert samples(xor_chunk(times, values)) == told


def test_steady_samples_cost_two_bits_each() -> None:
    chunk = xor_chunk(list(range(0, 120 * 15_000, 15_000)), np.ones(120))
    assert len(chunk) < 2 + 1 + 8 + 3 + 120 // 4 + 2
