"""Numbers read in bulk are those that are read one by one, or are left out."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporters.exposition.bulk import LONGEST, numbers, tails
from exporters.exposition.numbers import NumberError, parse_float


def read(tokens: list[bytes]) -> list[float | None]:
    """None for what is left out."""
    text = b" " * LONGEST + b" ".join(tokens)
    lengths = np.array([len(token) for token in tokens])
    ends = LONGEST + np.cumsum(lengths + 1) - 1
    found = numbers(tails(np.frombuffer(text, np.uint8), ends, lengths))
    return [value if plain else None for value, plain in zip(found.values.tolist(), found.plain.tolist(), strict=True)]


def bits(value: float) -> int:
    return int(np.float64(value).view(np.uint64))


WRITTEN = st.one_of(
    st.floats(allow_nan=False).map(repr),
    st.floats(0, 1).map(repr),
    st.integers(-(10**20), 10**20).map(str),
    st.tuples(st.floats(-1e9, 1e9), st.integers(0, 9)).map(lambda pair: f"{pair[0]:.{pair[1]}f}"),
    st.tuples(st.floats(-1e30, 1e30), st.integers(0, 17)).map(lambda pair: f"{pair[0]:.{pair[1]}e}"),
    st.text("0123456789.eE+-xN_/:", min_size=1, max_size=30),
).map(str.encode)


@given(tokens=st.lists(WRITTEN, min_size=1, max_size=30))
def test_what_is_read_is_what_one_by_one_gives(tokens: list[bytes]) -> None:
    for token, value in zip(tokens, read(tokens), strict=True):
        if value is not None:
            assert bits(value) == bits(parse_float(token))


@pytest.mark.parametrize(
    "token",
    [b"0", b"-0", b"7", b"12345678", b"123456789012345678", b"5.", b".5", b"0.1", b"-2.5e-07", b"1E+22", b"007"],
)
def test_plain_numbers_are_read(token: bytes) -> None:
    (value,) = read([token])
    assert value is not None
    assert bits(value) == bits(parse_float(token))


@pytest.mark.parametrize(
    "token",
    [b".", b"-", b"-.", b"1.2.3", b"e+06", b".e+06", b"--5", b"1_0", b"0x1", b"1e++6", b"NaN", b"+Inf", b"\xae"],
)
def test_what_is_no_plain_number_is_left_out(token: bytes) -> None:
    assert read([token]) == [None]


@pytest.mark.parametrize("token", [b"9007199254740993.5", b"1.7976931348623157e+308", b"1e+23", b"1234567890123456789"])
def test_what_might_be_rounded_twice_is_left_out(token: bytes) -> None:
    parse_float(token)
    assert read([token]) == [None]


def test_every_mistake_is_one_for_go_as_well() -> None:
    for token in (b".", b"1.2.3", b"1e++6"):
        with pytest.raises(NumberError):
            parse_float(token)
