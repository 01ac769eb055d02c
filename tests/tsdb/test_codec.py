"""Bytes of sealed samples: every bit comes back, and what is regular takes little room."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from engine.tsdb.codec.layout import CONSTANT, XOR, integer, layout, slice_columns
from engine.tsdb.codec.stripes import Encoded, Stripe, encode, encode_integers, unpacked
from promql.model.staleness import ABSENT_NAN, NORMAL_NAN, STALE_NAN

SMALLEST = 5e-324
ODD_NAN = np.uint64(0xFFF8DEADBEEF0001).view(np.float64)
SPECIAL = [
    0.0, -0.0, 1.0, -1.0, 0.1, 3.0100000000000002, 1e15, 2.0**53, 2.0**53 - 1, -(2.0**53), 2.0**63, 1.8446744073709552e19,
    1e308, -1e308, SMALLEST, -SMALLEST, 2.2e-308, math.inf, -math.inf, ABSENT_NAN, STALE_NAN, NORMAL_NAN, ODD_NAN,
]  # fmt: skip


def walks(rows: int) -> st.SearchStrategy[list[float]]:
    """Columns as exporters have them: counters, gauges on a scale, constants; and none of that."""

    def summed(steps: list[int], start: int, scale: float) -> list[float]:
        return [float(value) / scale for value in (start + np.cumsum(steps)).tolist()]

    return st.one_of(
        st.lists(st.sampled_from(SPECIAL), min_size=rows, max_size=rows),
        st.lists(st.floats(), min_size=rows, max_size=rows),
        st.sampled_from(SPECIAL).map(lambda value: [value] * rows),
        st.builds(
            summed,
            st.lists(st.integers(-3, 300), min_size=rows, max_size=rows),
            st.integers(-(2**52), 2**52),
            st.sampled_from([1.0, 10.0, 1000.0, 1e9, 1e15, 1 / 4096]),
        ),
        st.lists(st.integers(0, 10**9).map(lambda n: n * 0.001), min_size=rows, max_size=rows),
    )


@st.composite
def blocks(draw: st.DrawFn) -> np.ndarray:
    rows = draw(st.integers(1, 12))
    block = np.array(draw(st.lists(walks(rows), min_size=1, max_size=8)), np.float64)
    for column, row, value in draw(
        st.lists(st.tuples(st.integers(0, 7), st.integers(0, 11), st.sampled_from(SPECIAL[-4:])), max_size=12)
    ):
        block[column % len(block), row % rows] = value
    return block


def stripes_of(found: Encoded, rows: int) -> list[Stripe]:
    where = layout(found.codes, rows)
    assert [stripe[0] for stripe in found.stripes] == where.codes.tolist()
    return [
        Stripe(code, unpacked(stripe), size, rows)
        for code, size, stripe in zip(where.codes.tolist(), where.sizes.tolist(), found.stripes, strict=True)
    ]


def decoded(found: Encoded, rows: int, until: int | None = None) -> np.ndarray:
    where, stripes = layout(found.codes, rows), stripes_of(found, rows)
    out = np.empty((len(found.codes), rows if until is None else until))
    for column, (stripe, place) in enumerate(zip(where.stripes.tolist(), where.places.tolist(), strict=True)):
        out[column] = stripes[stripe].values(np.array([place]), out.shape[1])[0]
    for number, stripe in enumerate(stripes):
        columns = np.flatnonzero(where.stripes == number)
        every = stripe.values(None, out.shape[1])[where.places[columns]]
        assert (every.view(np.uint64) == out[columns].view(np.uint64)).all()
    return out


@given(block=blocks())
@example(block=np.array([[math.inf, 1.0], [ABSENT_NAN, STALE_NAN], [STALE_NAN, 2.0], [-0.0, 0.0]]))
def test_every_bit_comes_back(block: np.ndarray) -> None:
    rows = block.shape[1]
    found = encode(block)
    assert (decoded(found, rows).view(np.uint64) == block.view(np.uint64)).all()
    until = (rows + 1) // 2
    assert (decoded(found, rows, until).view(np.uint64) == block[:, :until].copy().view(np.uint64)).all()


@given(
    times=st.integers(1, 9).flatmap(
        lambda rows: st.lists(
            st.lists(st.integers(-(2**63), 2**63 - 1), min_size=rows, max_size=rows), min_size=1, max_size=4
        )
    )
)
def test_whole_numbers_of_any_size_come_back(times: list[list[int]]) -> None:
    block = np.array(times, np.int64)
    found = encode_integers(block)
    where, stripes = layout(found.codes, block.shape[1]), stripes_of(found, block.shape[1])
    for number, stripe in enumerate(stripes):
        columns = np.flatnonzero(where.stripes == number)
        assert (stripe.integers(None)[where.places[columns]] == block[columns]).all()
        assert (stripe.integers(np.array([0])) == block[columns[where.places[columns] == 0]]).all()


RNG = np.random.default_rng(3)
COUNTER = 1e6 + np.cumsum(RNG.integers(0, 20, 240))
STEEP = 1e6 + np.cumsum(RNG.integers(15_000, 15_020, 240))
BENT = np.cumsum(np.cumsum(RNG.integers(0, 5, 240))) * 1.0


@pytest.mark.parametrize(
    ("column", "code"),
    [
        (np.full(240, 3.25), CONSTANT),
        (np.full(240, STALE_NAN), CONSTANT),
        (np.where(np.arange(240) < 100, ABSENT_NAN, 7.0), CONSTANT),
        (COUNTER, integer(1, 1)),
        (np.where(np.arange(240) == 100, STALE_NAN, COUNTER), integer(1, 1)),
        (COUNTER / 1000, integer(1, 1)),
        (COUNTER * 0.001, integer(1, 1)),
        (COUNTER * 4096, integer(1, 1)),
        (STEEP, integer(1, 1)),
        (BENT, integer(2, 1)),
        (RNG.integers(0, 10**10, 240) * 1.0, integer(0, 8)),
        (RNG.integers(0, 10**9, 240) / 1e9, integer(0, 4)),
        (RNG.random(240), XOR),
        (np.where(np.arange(240) == 100, -0.0, COUNTER), XOR),
    ],
)
def test_a_column_gets_the_encoding_that_fits_it(column: np.ndarray, code: int) -> None:
    found = encode(column[None])
    assert found.codes.tolist() == [code]
    assert (decoded(found, 240).view(np.uint64) == column.view(np.uint64)).all()


def test_steps_below_twenty_take_little_more_than_their_entropy() -> None:
    block = np.cumsum(RNG.integers(0, 20, (64, 480)), axis=1) * 1.0
    assert sum(map(len, encode(block).stripes)) < 0.58 * block.size


def test_columns_of_many_kinds_find_their_stripes_again_in_many_slices() -> None:
    rows = 4096
    kinds = [COUNTER[:1] + np.zeros(rows), RNG.random(rows), np.cumsum(RNG.integers(0, 9, rows)) * 1.0]
    block = np.array([kinds[at] + 0.0 for at in RNG.integers(0, 3, 200).tolist()])
    each = slice_columns(rows)
    assert each < len(block)
    pieces = [encode(block[low : low + each]) for low in range(0, len(block), each)]
    found = Encoded(
        np.concatenate([piece.codes for piece in pieces]), [stripe for piece in pieces for stripe in piece.stripes]
    )
    assert (decoded(found, rows) == block).all()
