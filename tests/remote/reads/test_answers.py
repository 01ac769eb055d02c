"""What is written for remote read is read back: samples, chunks, frames; and what is damaged is refused."""

from __future__ import annotations

from contextlib import suppress

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.foundation.protobuf import WireError, encoded, framed
from engine.remote.reading import Row, crc32c, frames, query_result
from engine.remote.reads.answers import TooManyError, sampled, streamed
from engine.remote.reads.chunks import read_chunk
from engine.remote.xor import xor_chunk
from promql.model.labels import Labels
from promql.model.staleness import normalise
from tests.remote.read_client import crc32c as slow_crc32c

MOST = 1_000_000
VALUES = st.one_of(st.sampled_from([0.0, -0.0, 1.0, 1e300, float("inf"), float("nan")]), st.floats(width=64))
TIMES = st.lists(
    st.one_of(st.integers(-(2**50), 2**50), st.integers(1_700_000_000_000, 1_700_000_100_000)), min_size=1, max_size=80
).map(lambda times: sorted(set(times)))


@st.composite
def rows(draw: st.DrawFn) -> Row:
    times = draw(TIMES)
    values = np.array(draw(st.lists(VALUES, min_size=len(times), max_size=len(times))))
    name = draw(st.text(st.characters(codec="utf-8"), max_size=200))
    return Labels.of(__name__="m", a=name or "x"), np.array(times, np.int64), normalise(values)


def as_bits(found: list[Row]) -> list[tuple[Labels, list[int], list[int]]]:
    return [(labels, times.tolist(), values.view(np.uint64).tolist()) for labels, times, values in found]


@given(row=rows())
def test_chunks_are_read_as_they_were_written(row: Row) -> None:
    _, times, values = row
    found = read_chunk(xor_chunk(times.tolist(), values))
    assert as_bits([(row[0], *found)]) == as_bits([row])


@given(found=st.lists(rows(), max_size=4, unique_by=lambda row: row[0]))
def test_samples_and_frames_are_read_as_they_were_written(found: list[Row]) -> None:
    assert as_bits(sampled(query_result(found), MOST)) == as_bits(found)
    assert as_bits(streamed(b"".join(frames(found, 0, 300)), MOST)) == as_bits(found)


@given(data=st.binary(max_size=300))
def test_what_is_no_answer_is_refused_and_breaks_nothing(data: bytes) -> None:
    with suppress(WireError):  # nothing else
        read_chunk(data)
    for read in (sampled, streamed):
        with suppress(WireError):
            read(data, MOST)


def test_a_chunk_whose_times_leave_64_bits_is_refused() -> None:
    late = 2**63 - 1
    whole = b"\0\2" + encoded(late << 1) + bytes(8) + encoded(2**63) + b"\0"
    with pytest.raises(WireError, match="a time that is none"):
        read_chunk(whole)


def test_samples_that_come_in_no_order_are_put_in_one() -> None:
    row = (Labels.of(__name__="m"), np.array([3000, 1000, 2000, 1000]), np.arange(4.0))
    ((_, times, values),) = sampled(query_result([row]), MOST)
    assert (times.tolist(), values.tolist()) == ([1000, 2000, 3000], [1.0, 2.0, 0.0])


def test_a_damaged_frame_is_refused() -> None:
    row = (Labels.of(__name__="m"), np.arange(1000, 2000, 10), np.arange(100.0))
    whole = bytearray(b"".join(frames([row], 0, 1000)))
    whole[-3] ^= 1
    with pytest.raises(WireError, match="checksum mismatch"):
        streamed(bytes(whole), MOST)


def test_an_answer_of_more_samples_than_a_query_may_hold_is_given_up() -> None:
    found = [(Labels.of(__name__=name), np.arange(1000, 2000, 10), np.arange(100.0)) for name in "ab"]
    stream, whole = b"".join(frames(found, 0, 300)), query_result(found)
    assert len(streamed(stream, 200)) == len(sampled(whole, 200)) == 2
    for read, answer in ((streamed, stream), (sampled, whole)):
        with pytest.raises(TooManyError, match="more than the 199 samples"):
            read(answer, 199)


def test_native_histograms_are_refused_by_name() -> None:
    series = framed(1, framed(1, b"\x0a\x01a\x12\x01b") + framed(4, b""))
    with pytest.raises(WireError, match="native histograms"):
        sampled(framed(1, series), MOST)


@pytest.mark.parametrize("size", [0, 1, 1000, 65_535, 65_536, 65_537, 131_072, 140_000])
def test_checksums_of_any_length_are_those_of_a_slow_twin(size: int) -> None:
    data = np.random.default_rng(size).integers(0, 256, size, np.uint8).tobytes()
    assert crc32c(data) == slow_crc32c(data)
