"""Requests taken apart: the quick way beside a slow twin, and every kind of mistake."""

from __future__ import annotations

import struct
from collections.abc import Mapping

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from engine.foundation.protobuf import WireError
from engine.remote.wire import HistogramError, LabelsError, Request, decode
from engine.tsdb.exemplars import Exemplar
from promql.model.labels import Labels
from promql.model.staleness import STALE_NAN
from tests.remote.client import EXEMPLAR, HISTOGRAM, METADATA, SAMPLE, chunk, label, labels, sample, series, varint

NOW = 1_700_000_000_000
Samples = list[tuple[dict[str, str], list[tuple[int, float]]]]

TIMES = st.one_of(st.integers(NOW, NOW + 10**9), st.sampled_from([0, -1, 1, 2**35 - 1, 2**35, 2**42, 2**63 - 1]))
VALUES = st.one_of(st.sampled_from([0.0, 1.0, float("inf")]), st.floats(allow_nan=False))
TEXTS = st.text(st.characters(codec="utf-8"), max_size=20) | st.sampled_from(["x" * 200, "\x12\x10\x09" + "y" * 15])
LABELS = st.dictionaries(st.text("abc_", min_size=1, max_size=4), TEXTS, max_size=4).map(
    lambda d: {"__name__": "m"} | d
)
REQUESTS = st.lists(st.tuples(LABELS, st.lists(st.tuples(TIMES, VALUES), max_size=3)), max_size=6)


def nobody(_: bytes) -> None:
    return None


def encoded(request: Samples) -> bytes:
    return b"".join(series(labels(named), *samples) for named, samples in request)


def told(request: Request, names: Mapping[int, Labels]) -> list[tuple[Labels, int, bytes]]:
    """Labels, times and bits of all samples in their order."""
    rows = zip(request.series.tolist(), request.times.tolist(), request.values.tolist(), strict=True)
    return [(names[number], time, struct.pack("<d", value)) for number, time, value in rows]


def strangers(request: Request) -> dict[int, Labels]:
    return {-1 - at: found for at, found in enumerate(request.strangers.values())}


def expected(request: Samples) -> list[tuple[Labels, int, bytes]]:
    # What is zero is not written, so the sign of a zero does not arrive.
    return [(Labels.of(named), t, struct.pack("<d", v or 0.0)) for named, samples in request for t, v in samples]


@given(request=REQUESTS)
@example([({"__name__": "m"}, [(NOW, 0.0), (NOW + 1, 0.0)])])
@example([({"__name__": "m", "a": "\x12\x10\x09" + "y" * 15}, [(NOW, 0.0)])])
def test_what_is_written_is_read(request: Samples) -> None:
    found = decode(encoded(request), nobody)
    assert told(found, strangers(found)) == expected(request)


@given(before=REQUESTS, request=REQUESTS, again=st.booleans())
def test_it_reads_the_same_whatever_is_known(before: Samples, request: Samples, again: bool) -> None:
    learned = decode(encoded(request if again else before), nobody)
    known = {key: at for at, key in enumerate(learned.strangers)}
    names = dict(enumerate(learned.strangers.values()))
    found = decode(encoded(request), known.get)
    assert not known.keys() & found.strangers.keys()
    assert told(found, names | strangers(found)) == expected(request)


@given(request=REQUESTS, cut=st.integers(1, 200), flip=st.integers(0, 255))
def test_damage_is_an_error_or_another_request_and_nothing_else(request: Samples, cut: int, flip: int) -> None:
    data = bytearray(encoded(request))
    if data:
        data[cut % len(data)] ^= flip
    known = {key: at for at, key in enumerate(decode(encoded(request), nobody).strangers)}
    for piece in (bytes(data), bytes(data[:-cut])):
        for knows in (nobody, known.get):
            try:
                decode(piece, knows)
            except WireError:
                continue


def one(*samples: tuple[int, float], more: bytes = b"") -> bytes:
    return series(labels({"__name__": "m"}), *samples, more=more)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"\x0a\xff\xff\xff", "unexpected EOF"),
        (b"\x0a\x20abc", "unexpected EOF"),
        (b"\x0a", "unexpected EOF"),
        (b"hello world", "proto: WriteRequest: wiretype end group for non-group"),
        (b"\x08\x20", "proto: wrong wireType = 0 for field Timeseries"),
        (b"\x00\x20", "proto: WriteRequest: illegal tag 0 (wire type 0)"),
        (b"\x0a" + b"\xff" * 11, "proto: integer overflow"),
        (b"\x0a" + b"\xff" * 9 + b"\x01", "proto: negative length found during unmarshaling"),
        (b"\x7e", "proto: illegal wireType 6"),
        (chunk(1, b"\x08\x01"), "proto: wrong wireType = 0 for field Labels"),
        (chunk(1, chunk(1, b"\x08\x01") + sample(NOW, 1.0)), "proto: wrong wireType = 0 for field Name"),
        (chunk(1, chunk(SAMPLE, b"\x08\x01")), "proto: wrong wireType = 0 for field Value"),
        (chunk(1, chunk(EXEMPLAR, b"\x10\x01")), "proto: wrong wireType = 0 for field Value"),
        (chunk(METADATA, b"\x10\x01"), "proto: wrong wireType = 0 for field MetricFamilyName"),
    ],
)
def test_a_mistake_is_told_in_prometheuss_words(data: bytes, said: str) -> None:
    with pytest.raises(WireError, match="^" + said.replace("(", r"\(").replace(")", r"\)") + "$"):
        decode(data, nobody)


@pytest.mark.parametrize(
    ("pairs", "said"),
    [
        ([], "empty labelset: invalid sample"),
        ([("a", "")], "empty labelset: invalid sample"),
        ([("a", "1"), ("b", "2"), ("a", "1")], 'label name "a" is not unique: invalid sample'),
        ([("a", b"\xff")], r'label "a"="\xff" is not UTF-8: invalid sample'),
    ],
)
def test_labels_that_are_none_are_refused(pairs: list[tuple[str, str]], said: str) -> None:
    with pytest.raises(LabelsError) as raised:
        decode(series(labels(pairs), (NOW, 1.0)), nobody)
    assert str(raised.value) == said


def test_empty_labels_vanish_and_the_others_are_sorted() -> None:
    found = decode(series(labels([("z", "1"), ("__name__", "m"), ("b", ""), ("b", "2")]), (NOW, 1.0)), nobody)
    assert list(found.strangers.values()) == [Labels.of(__name__="m", b="2", z="1")]


def test_native_histograms_are_refused_by_name() -> None:
    with pytest.raises(HistogramError, match="native histograms"):
        decode(one(more=chunk(HISTOGRAM, b"")), nobody)


def test_metadata_is_passed_over_and_exemplars_are_those_of_series_with_samples() -> None:
    exemplar = chunk(EXEMPLAR, label("trace", "x") + b"\x11" + struct.pack("<d", 1.0) + b"\x18" + varint(NOW))
    metadata = chunk(METADATA, b"\x08\x01" + chunk(2, b"m") + chunk(4, b"help"))
    found = decode(metadata + one((NOW, 1.0), more=exemplar) + metadata + one((NOW + 1, 2.0)), nobody)
    assert found.times.tolist() == [NOW, NOW + 1]
    assert found.exemplars == [(-1, Exemplar(Labels.of(trace="x"), 1.0, NOW))]
    assert decode(one(more=exemplar), nobody).exemplars == []


def test_a_series_without_samples_is_not_named() -> None:
    assert decode(one(), nobody).strangers == {}


def test_fields_in_another_order_and_unknown_ones_make_no_difference() -> None:
    turned = chunk(SAMPLE, b"\x10" + varint(NOW) + b"\x09" + struct.pack("<d", 4.0))
    unknown = b"\x7b" + chunk(2, b"in a group") + b"\x7c" + b"\x7d1234" + b"\x70\x05"
    request = chunk(1, turned + unknown + label("__name__", "m")) + unknown
    found = decode(request, nobody)
    key = labels({"__name__": "m"})
    assert (found.times.tolist(), found.values.tolist(), [*found.strangers]) == ([NOW], [4.0], [key])
    assert decode(request, {key: 7}.get).series.tolist() == [7]


def test_stale_markers_keep_their_bits() -> None:
    found = decode(one((NOW, float(STALE_NAN))), nobody)
    assert struct.pack("<d", found.values[0]) == struct.pack("<d", STALE_NAN)
