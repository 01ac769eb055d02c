"""Pages in protobuf: what they are read as, and that nothing breaks the reader."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporters.exposition.keys import decode
from exporters.exposition.page import Exemplar, ExpositionError, Metadata, Page
from exporters.exposition.protobuf import ProtobufLayout
from promql.model.staleness import NORMAL_BITS
from tests.exporters.exposition.protobuf_pages import (
    bucket,
    chunk,
    double,
    exemplar,
    family,
    histogram,
    labels,
    scalar,
    summary,
    whole,
)

INF = math.inf


def parse(*families: bytes) -> Page:
    return ProtobufLayout().parse(b"".join(families))


def samples(*families: bytes) -> dict[str, float]:
    page = parse(*families)
    return dict(zip((key.decode() for key in page.keys), page.values.tolist(), strict=True))


def fault(body: bytes) -> str:
    with pytest.raises(ExpositionError) as caught:
        ProtobufLayout().parse(body)
    return str(caught.value)


@pytest.mark.parametrize("kind", ["counter", "gauge", "untyped"])
def test_a_metric_with_one_value_is_a_sample_of_its_familys_name(kind: str) -> None:
    body = family("x_total", kind, scalar(kind, 1.5, {"a": "b", "c": 'q"\\\n'}), scalar(kind, 2), help_="What.")
    page = parse(body)
    assert page.keys == [b'x_total{a="b",c="q\\"\\\\\\n"}', b"x_total"]
    assert decode(page.keys[0])[1:] == [("a", "b"), ("c", 'q"\\\n')]
    assert page.values.tolist() == [1.5, 2]
    assert page.metadata == {"x_total": Metadata("unknown" if kind == "untyped" else kind, "What.", None)}
    assert page.timestamps is None


def test_a_value_that_is_not_written_is_zero() -> None:
    assert samples(family("x", "gauge", labels({"a": "b"}))) == {'x{a="b"}': 0}


def test_a_classic_histogram_is_what_openmetrics_makes_of_it() -> None:
    body = family("h", "histogram", histogram(7, 3.5, bucket(0.1, 1), bucket(1, 3), bucket(1e6, 6), pairs={"a": "b"}))
    assert samples(body) == {
        'h_count{a="b"}': 7,
        'h_sum{a="b"}': 3.5,
        'h_bucket{a="b",le="0.1"}': 1,
        'h_bucket{a="b",le="1.0"}': 3,
        'h_bucket{a="b",le="1e+06"}': 6,
        'h_bucket{a="b",le="+Inf"}': 7,
    }


def test_an_infinite_bucket_is_not_made_twice() -> None:
    body = family("h", "gaugehistogram", histogram(7, 3.5, bucket(INF, 7)))
    assert samples(body) == {"h_count": 7, "h_sum": 3.5, 'h_bucket{le="+Inf"}': 7}


def test_a_summary_has_its_count_sum_and_quantiles() -> None:
    body = family("s", "summary", summary(4, 2.5, {0.5: 1, 1: 2}, {"a": "b"}))
    assert samples(body) == {
        's_count{a="b"}': 4,
        's_sum{a="b"}': 2.5,
        's{a="b",quantile="0.5"}': 1,
        's{a="b",quantile="1.0"}': 2,
    }


@pytest.mark.parametrize("sign", [whole(7, 1), double(6, 1e-128), chunk(12, whole(1, 2)), chunk(9, whole(1, 2))])
def test_native_buckets_are_refused_by_name_and_passed_over_beside_classic_ones(sign: bytes) -> None:
    told = fault(family("first", "gauge", scalar("gauge", 1)) + family("h", "histogram", histogram(7, 3.5, sign)))
    assert told == (
        'histogram "h" has native buckets alone, which can\'t be stored: leave PrometheusProto out of scrape_protocols'
    )
    assert 'h_bucket{le="1.0"}' in samples(family("h", "histogram", histogram(7, 3.5, bucket(1, 3), sign)))


def test_a_histogram_without_any_bucket_is_a_classic_one() -> None:
    assert samples(family("h", "histogram", histogram(0, 0))) == {"h_count": 0, "h_sum": 0, 'h_bucket{le="+Inf"}': 0}


def test_time_stamps_belong_to_all_samples_of_a_metric() -> None:
    stamped = histogram(1, 1, bucket(1, 1)) + whole(6, -5)
    page = parse(
        family("g", "gauge", scalar("gauge", 1), scalar("gauge", 2, {"a": "b"}, ms=1000)),
        family("h", "histogram", stamped),
    )
    assert page.timestamps is not None
    assert page.stamped is not None
    assert page.timestamps.tolist() == [0, 1000, -5, -5, -5, -5]
    assert page.stamped.tolist() == [False, True, True, True, True, True]


def test_exemplars_belong_to_their_samples() -> None:
    page = parse(
        family("c", "counter", scalar("counter", 1, {}, exemplar(2, 0.5, {"trace": "a"}, 12, 345_000_000))),
        family("h", "histogram", histogram(2, 1, bucket(1, 1, exemplar(3, 0.25, {"trace": "b"})))),
    )
    assert page.exemplars == [Exemplar(0, b'{trace="a"}', 0.5, 12_345), Exemplar(3, b'{trace="b"}', 0.25, None)]


def test_every_nan_but_a_stale_marker_is_made_the_ordinary_one() -> None:
    odd = np.uint64(0x7FF8000000000123).view(np.float64)
    assert parse(family("x", "gauge", scalar("gauge", float(odd)))).values.view(np.uint64)[0] == NORMAL_BITS


def test_families_without_metrics_say_nothing() -> None:
    assert parse(family("no name", "gauge", help_="x")).metadata == {}


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (b"\x05abc", "protobufparse: insufficient length of buffer, expected at least 6 bytes, got 4 bytes"),
        (b"\xff\xff", "unexpected EOF"),
        (family("a b", "gauge", scalar("gauge", 1)), "invalid metric name: a b"),
        (family("a", "gauge", scalar("gauge", 1, {"b-c": "d"})), 'invalid label name "b-c"'),
        (family("a", "gauge", labels([("b", "c")])[:-1]), "unexpected EOF"),
    ],
)
def test_what_is_wrong_is_told_and_what_stood_before_it_is_kept(body: bytes, told: str) -> None:
    assert fault(body) == told
    with pytest.raises(ExpositionError) as caught:
        ProtobufLayout().parse(family("first", "gauge", scalar("gauge", 1)) + body)
    assert caught.value.page.keys == [b"first"]


@given(st.binary())
def test_any_bytes_are_a_page_or_told_to_be_none(body: bytes) -> None:
    layout = ProtobufLayout()
    for _ in range(2):
        try:
            layout.parse(body)
        except ExpositionError:
            continue


NAMES = st.sampled_from(["a", "b"])
PAIRS = st.dictionaries(NAMES, st.sampled_from(["", "x", "\n", 'é"']))
NUMBERS = st.integers(0, 2**60)
METRICS = {
    "counter": st.builds(lambda value, pairs, ms: scalar("counter", value, pairs, ms=ms), st.floats(), PAIRS, st.integers(0, 3)),
    "summary": st.builds(
        lambda count, told, pairs: summary(count, 1, told, pairs), NUMBERS, st.dictionaries(st.floats(0, 1), st.floats()), PAIRS
    ),
    "histogram": st.builds(
        lambda count, bounds, pairs: histogram(count, 1, *(bucket(b, 1) for b in bounds), pairs=pairs),
        NUMBERS, st.lists(st.sampled_from([0.5, 1.0, INF])), PAIRS,
    ),
}  # fmt: skip
FAMILIES = st.sampled_from(sorted(METRICS)).flatmap(
    lambda kind: st.builds(
        lambda name, metrics: family(name, kind, *metrics), NAMES, st.lists(METRICS[kind], max_size=3)
    )
)


def shown(page: Page) -> object:
    times = None if page.timestamps is None else page.timestamps.tolist()
    return page.keys, page.values.view(np.uint64).tolist(), times, page.metadata, page.exemplars


@given(st.lists(st.lists(FAMILIES, max_size=4).map(b"".join), max_size=3))
def test_what_was_read_before_makes_no_difference(pages: list[bytes]) -> None:
    layout = ProtobufLayout()
    for body in pages:
        assert shown(layout.parse(body)) == shown(ProtobufLayout().parse(body))


def test_the_same_series_again_are_the_same_list_of_keys() -> None:
    layout = ProtobufLayout()
    first, second = (layout.parse(family("x", "gauge", scalar("gauge", value))) for value in (1, 2))
    assert second.keys is first.keys
    assert second.metadata is first.metadata
