"""Metrics of OpenTelemetry as series: names, labels, and both forms of a request."""

from __future__ import annotations

import json
import struct
from collections.abc import Iterable
from contextlib import suppress
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.remote.otlp.messages import Data, Metric, OtlpError, Request, from_json, from_protobuf
from engine.remote.otlp.names import label_name, metric_name
from engine.remote.otlp.series import translate
from promql.model.labels import Labels
from promql.model.staleness import is_stale
from tests.remote.client import chunk, varint

NOW = 1_700_000_000_000
RESOURCE = (
    ("service.name", "shop"), ("service.namespace", "web"), ("service.instance.id", "pod-1"), ("cloud.zone", "a"),
)  # fmt: skip
TARGET = {"job": "web/shop", "instance": "pod-1"}


def attributes(pairs: Iterable[tuple[str, Any]]) -> list[dict[str, Any]]:
    return [{"key": key, "value": value if isinstance(value, dict) else {"stringValue": value}} for key, value in pairs]


def request(*metrics: dict[str, Any], resource: Iterable[tuple[str, Any]] = RESOURCE) -> Request:
    body = {"resource": {"attributes": attributes(resource)}, "scopeMetrics": [{"metrics": metrics}]}
    return from_json(json.dumps({"resourceMetrics": [body]}).encode())


def point(*pairs: tuple[str, Any], **more: Any) -> dict[str, Any]:
    return {"timeUnixNano": str(NOW * 1_000_000), "attributes": attributes(pairs), **more}


def rows(asked: Request) -> dict[Labels, float]:
    found = translate(asked).rows
    assert {time for _, time, _ in found} <= {NOW}
    return {labels: value for labels, _, value in found}


def shop(name: str, **labels: str) -> Labels:
    return Labels.of({"__name__": name, **TARGET, **labels})


@pytest.mark.parametrize(
    "fields",
    [{"timeUnixNano": "9" * 40}, {"asInt": "-" + "9" * 400}, {"count": "-1"}, {"bucketCounts": [1, "9" * 40]}],
)
def test_a_number_that_cannot_be_is_refused(fields: dict[str, Any]) -> None:
    with pytest.raises(OtlpError, match=r"Expected `int` [<>]= -?\d+ - at"):
        request({"name": "m", "gauge": {"dataPoints": [point(**fields)]}})


@pytest.mark.parametrize(
    ("name", "unit", "kind", "wanted"),
    [
        ("http.server.duration", "ms", "gauge", "http_server_duration_milliseconds"),
        ("http.server.duration.milliseconds", "ms", "gauge", "http_server_duration_milliseconds"),
        ("requests", "1", "counter", "requests_total"),
        ("requests.total.count", "{request}", "counter", "requests_count_total"),
        ("usage", "1", "gauge", "usage_ratio"),
        ("speed", "By/s", "gauge", "speed_bytes_per_second"),
        ("speed", "By/{x}", "gauge", "speed_bytes"),
        ("speed", "{packet}/m", "gauge", "speed_per_minute"),
        ("2xx", "", "gauge", "_2xx"),
        ("a..b--c", "foo bar", "gauge", "a_b_c_foo_bar"),
        ("cpu", "%", "gauge", "cpu_percent"),
        ("cpu", "1", "sum", "cpu"),
    ],
)
def test_a_metric_is_named_with_its_unit(name: str, unit: str, kind: str, wanted: str) -> None:
    gauge, total = (Data(), None) if kind == "gauge" else (None, Data(is_monotonic=kind == "counter"))
    assert metric_name(Metric(name, unit, gauge=gauge, sum=total)) == wanted


@pytest.mark.parametrize(("key", "wanted"), [("a.b", "a_b"), ("2a", "key_2a"), ("_x", "_x"), ("", ""), ("ä", "_")])
def test_an_attribute_is_named_by_what_a_label_may_hold(key: str, wanted: str) -> None:
    assert label_name(key) == wanted


def test_numbers_are_series_with_the_labels_of_their_point_and_of_who_sends() -> None:
    asked = request(
        {"name": "temp", "gauge": {"dataPoints": [point(("room.no", "1"), asDouble=1.5), point(asInt="7")]}},
        {"name": "hits", "sum": {"dataPoints": [point(asInt=3)], "aggregationTemporality": 2, "isMonotonic": True}},
    )
    assert rows(asked) == {
        shop("temp", room_no="1"): 1.5,
        shop("temp"): 7.0,
        shop("hits_total"): 3.0,
        shop("target_info", cloud_zone="a"): 1.0,
    }


def test_histograms_and_summaries_are_several_series() -> None:
    classic = point(count="6", sum=9.5, bucketCounts=["1", "2", "3"], explicitBounds=[0.1, 10])
    quantiles = point(count=2, sum=3, quantileValues=[{"quantile": 0.5, "value": 1.5}])
    asked = request(
        {"name": "h", "histogram": {"dataPoints": [classic], "aggregationTemporality": "AGGREGATION_TEMPORALITY_CUMULATIVE"}},
        {"name": "s", "summary": {"dataPoints": [quantiles]}},
        resource=RESOURCE[:3],
    )  # fmt: skip
    assert rows(asked) == {
        shop("h_bucket", le="0.1"): 1.0,
        shop("h_bucket", le="10"): 3.0,
        shop("h_bucket", le="+Inf"): 6.0,
        shop("h_sum"): 9.5,
        shop("h_count"): 6.0,
        shop("s", quantile="0.5"): 1.5,
        shop("s_sum"): 3.0,
        shop("s_count"): 2.0,
    }


def test_what_the_store_cannot_hold_is_left_out_by_name_and_the_rest_is_taken() -> None:
    found = translate(
        request(
            {"name": "grown", "sum": {"dataPoints": [point(asInt=3)], "aggregationTemporality": 1}},
            {"name": "fine", "exponentialHistogram": {"aggregationTemporality": 2}},
            {"name": "empty"},
            {"name": "ok", "gauge": {"dataPoints": [point(asInt=1)]}},
            resource=(),
        )
    )
    assert [why.partition(":")[0] for why in found.refused] == ["grown", "fine", "empty"]
    assert "only cumulative is taken" in found.refused[0]
    assert (found.points, [labels.name for labels, _, _ in found.rows]) == (1, ["ok"])


def test_a_point_without_a_recorded_value_ends_its_series() -> None:
    ((_, _, value),) = translate(
        request({"name": "x", "gauge": {"dataPoints": [point(flags=1, asInt=4)]}}, resource=())
    ).rows
    assert is_stale(np.array([value]))[0]


def test_attributes_of_any_kind_are_texts_and_equal_names_are_joined() -> None:
    values = {
        "b": {"boolValue": True}, "i": {"intValue": "12"}, "d": {"doubleValue": 1.0}, "e": {"doubleValue": 0.25},
        "l": {"arrayValue": {"values": [{"stringValue": "<"}, {"intValue": 1}]}},
        "m": {"kvlistValue": {"values": [{"key": "z", "value": {"boolValue": False}}, {"key": "a", "value": {}}]}},
        "n": {}, "x.y": {"stringValue": "1"}, "x/y": {"stringValue": "2"},
    }  # fmt: skip
    asked = request({"name": "t", "gauge": {"dataPoints": [point(*values.items(), asInt=1)]}}, resource=())
    (labels,) = rows(asked)
    assert labels.as_dict() == {
        "__name__": "t", "b": "true", "i": "12", "d": "1", "e": "0.25", "l": '["\\u003c",1]', "m": '{"a":null,"z":false}',
        "x_y": "1;2",
    }  # fmt: skip


def key_value(key: str, value: bytes) -> bytes:
    return chunk(1, key.encode()) + chunk(2, value)


def fixed(field: int, number: bytes) -> bytes:
    return varint(field << 3 | 1) + number


def test_protobuf_is_read_as_json_is() -> None:
    resource = b"".join(chunk(1, key_value(key, chunk(1, text.encode()))) for key, text in RESOURCE)
    time = fixed(3, struct.pack("<Q", NOW * 1_000_000))
    label = chunk(7, key_value("n", b"\x18" + varint(-5)))
    gauge = chunk(5, chunk(1, time + fixed(4, struct.pack("<d", 1.5)) + label))
    total = chunk(7, chunk(1, time + fixed(6, struct.pack("<q", -3))) + b"\x10\x02\x18\x01")
    buckets = chunk(6, struct.pack("<3Q", 1, 2, 3)) + chunk(7, struct.pack("<2d", 0.1, 10.0))
    counted = fixed(4, struct.pack("<Q", 6)) + fixed(5, struct.pack("<d", 9.5))
    histogram = chunk(9, chunk(1, time + counted + buckets + chunk(9, key_value("l", chunk(5, chunk(1, b"\x10\x01"))))) + b"\x10\x02")  # fmt: skip
    quantile = chunk(6, fixed(1, struct.pack("<d", 0.5)) + fixed(2, struct.pack("<d", 7.0)))
    summary = chunk(11, chunk(1, time + counted + quantile))
    named = [chunk(2, chunk(1, name) + chunk(3, b"s") + data) for name, data in ((b"g", gauge), (b"t", total), (b"h", histogram), (b"s", summary))]  # fmt: skip
    asked = request(
        {"name": "g", "unit": "s", "gauge": {"dataPoints": [point(("n", {"intValue": -5}), asDouble=1.5)]}},
        {"name": "t", "unit": "s", "sum": {"dataPoints": [point(asInt=-3)], "aggregationTemporality": 2, "isMonotonic": True}},
        {"name": "h", "unit": "s", "histogram": {"aggregationTemporality": 2, "dataPoints": [point(("l", {"arrayValue": {"values": [{"boolValue": True}]}}), count=6, sum=9.5, bucketCounts=[1, 2, 3], explicitBounds=[0.1, 10])]}},
        {"name": "s", "unit": "s", "summary": {"dataPoints": [point(count=6, sum=9.5, quantileValues=[{"quantile": 0.5, "value": 7}])]}},
    )  # fmt: skip
    body = chunk(1, chunk(1, resource) + chunk(2, b"".join(named)))
    assert rows(from_protobuf(body)) == rows(asked)


@given(st.binary(max_size=200))
def test_bytes_that_are_no_request_are_refused_or_read(body: bytes) -> None:
    for read in (from_protobuf, from_json):
        with suppress(OtlpError):
            translate(read(body))


def test_what_is_no_request_is_told_with_its_place() -> None:
    with pytest.raises(OtlpError, match=r"\$.resourceMetrics"):
        from_json(b'{"resourceMetrics": 5}')
    with pytest.raises(OtlpError, match="wrong wireType"):
        from_protobuf(b"\x08\x01")
