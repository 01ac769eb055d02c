"""Packing words."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from engine.tsdb.log.words import from_turns, packed, turns, unpacked

WORDS = st.one_of(
    st.just(0), st.integers(0, 255), st.integers(0, 2**64 - 1), st.integers(0, 255).map(lambda b: b << 56)
)


@given(st.integers(1, 20).flatmap(lambda n: st.lists(st.lists(WORDS, min_size=n, max_size=n), min_size=1, max_size=5)))
def test_unpacking_gives_back_what_was_packed_many_rows_at_once(rows: list[list[int]]) -> None:
    done = [packed(np.array(row, np.uint64)) for row in rows]
    back = unpacked([body for _, body in done], [count for count, _ in done], len(rows[0]))
    assert back.tolist() == rows


def test_a_word_costs_a_bit_a_changed_one_a_byte_more_and_its_own_bytes() -> None:
    words = np.zeros(800, np.uint64)
    assert packed(words) == (0, bytes(100))
    words[5] = 0xFF00FF
    assert len(packed(words)[1]) == 100 + 1 + 2


@given(st.lists(st.integers(-(2**63), 2**63 - 1), min_size=1, max_size=20))
def test_turns_lose_nothing(numbers: list[int]) -> None:
    array = np.array(numbers, np.int64)
    assert from_turns(turns(array)).tolist() == numbers


def test_numbers_that_count_up_have_turns_at_their_beginning_only() -> None:
    assert np.count_nonzero(turns(np.arange(70, 170))) == 2
