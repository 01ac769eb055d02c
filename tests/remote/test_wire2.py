"""Requests of remote write 2.0 say what those of 1.0 say: whichever was sent, the same samples of the same series."""

from __future__ import annotations

from contextlib import suppress

import cramjam
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.foundation.protobuf import WireError, framed
from engine.remote.wire import LabelsError, Request, decode
from engine.remote.wire2 import decode2
from engine.remote.writing import encode
from engine.remote.writing.encode import SeriesBytes
from engine.remote.writing.encode2 import exemplars2, samples2
from engine.tsdb.exemplars import Exemplar
from promql.model.labels import Labels

TEXT = st.text(st.characters(codec="utf-8"), min_size=1, max_size=5)
LABELS = st.dictionaries(TEXT, TEXT, min_size=1, max_size=5).map(Labels.of)
SAMPLES = st.lists(
    st.tuples(LABELS, st.integers(-(2**50), 2**50), st.floats(allow_nan=False)), min_size=1, max_size=300
)
ABOUT = {"m": ("m", "counter", "what it counts", "seconds")}


def unpacked(body: bytes) -> bytes:
    return bytes(cramjam.snappy.decompress_raw(body))


def said(request: Request) -> list[tuple[Labels, int, float]]:
    names = list(request.strangers.values())
    numbers, times, values = request.series.tolist(), request.times.tolist(), request.values.tolist()
    return [(names[-1 - number], time, value) for number, time, value in zip(numbers, times, values, strict=True)]


@given(samples=SAMPLES)
def test_both_protocols_say_the_same_by_the_same_keys(samples: list[tuple[Labels, int, float]]) -> None:
    series = [labels for labels, _, _ in samples]
    times, values = np.array([time for _, time, _ in samples]), np.array([value for _, _, value in samples])
    first = decode(unpacked(encode.samples([SeriesBytes(one) for one in series], times, values)), lambda _: None)
    second = decode2(unpacked(samples2(series, times, values, ABOUT)), lambda _: None)
    assert said(second) == said(first) == samples
    assert second.strangers == first.strangers


def test_known_series_and_exemplars_keep_their_numbers() -> None:
    known, one = Labels.of(__name__="m", a="1"), Exemplar(Labels.of(trace_id="abc"), 2.5, 7)
    key = next(iter(decode(unpacked(encode.samples([SeriesBytes(known)], *row())), lambda _: None).strangers))
    for body, read in ((encode.exemplars([(known, one)]), decode), (exemplars2([(known, one)]), decode2)):
        request = read(unpacked(body), {key: 4}.get)
        assert (list(request.exemplars), len(request.times)) == ([(4, one)], 0)


def row() -> tuple[np.ndarray[tuple[int], np.dtype[np.int64]], np.ndarray[tuple[int], np.dtype[np.float64]]]:
    return np.array([1], np.int64), np.array([1.0])


def series_of(refs: bytes, *symbols: bytes) -> bytes:
    return b"".join(framed(4, one) for one in symbols) + framed(5, framed(1, refs) + framed(2, b"\x10\x01"))


@pytest.mark.parametrize(
    ("request_", "told"),
    [
        (series_of(b"\x01\x02\x01", b"", b"a", b"b"), "invalid labelRefs length 3"),
        (series_of(b"\x01\x09", b"", b"a"), "labelRefs 9 .name. outside of symbols table .size 2."),
        (series_of(b"\x01\x02", b"no", b"a", b"b"), "the first symbol is not the empty text"),
        (series_of(b"\x01\x02\x01\x02", b"", b"a", b"b"), "is not unique"),
        (framed(5, framed(3, b"")), "native histograms are disabled"),
    ],
)
def test_what_can_not_be_taken_is_told(request_: bytes, told: str) -> None:
    with pytest.raises(WireError, match=told):
        decode2(request_, lambda _: None)
    assert issubclass(LabelsError, WireError)


@given(data=st.binary(max_size=200))
def test_any_bytes_are_a_request_or_are_refused(data: bytes) -> None:
    with suppress(WireError):
        decode2(data, lambda _: None)
