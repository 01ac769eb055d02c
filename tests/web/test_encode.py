"""Results as JSON, against Prometheus's number formats."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.web.api import encode
from promql.model import numbers
from promql.model.labels import Labels
from promql.model.results import Matrix, RawMatrix, Result, Scalar, Series, String, Vector


@pytest.mark.parametrize(
    ("ms", "text"),
    [(1435781451781, "1435781451.781"), (1002, "1.002"), (1000, "1"), (1100, "1.100"), (-1500, "-1.500"), (0, "0")],
)
def test_instants_are_seconds_with_three_decimals_or_none(ms: int, text: str) -> None:
    assert encode.instant(ms) == text


def written(result: Result) -> bytes:
    return b"".join(encode.result(result))


@given(st.lists(st.floats() | st.integers(-(2**60), 2**60).map(float)))
def test_bulk_formatting_equals_value_by_value(values: list[float]) -> None:
    assert encode.samples(np.array(values, dtype=np.float64)) == [numbers.sample(v).encode() for v in values]


def test_scalars_are_always_plain_digits() -> None:
    assert written(Scalar(1000, 1e-7)) == b'{"resultType":"scalar","result":[1,"0.0000001"]}'


def test_strings_are_escaped_as_go_does() -> None:
    assert written(String(0, "<a&b>")) == b'{"resultType":"string","result":[0,"\\u003ca\\u0026b\\u003e"]}'


def test_a_vector_keeps_its_order() -> None:
    vector = Vector(1500, [Labels.of(b="2"), Labels.of(a="1")], np.array([2.5, np.nan]))
    decoded = json.loads(written(vector))
    assert decoded["result"] == [
        {"metric": {"b": "2"}, "value": [1.5, "2.5"]},
        {"metric": {"a": "1"}, "value": [1.5, "NaN"]},
    ]


def test_steps_without_a_value_are_left_out_of_a_matrix() -> None:
    matrix = Matrix(np.array([0, 500]), [Labels.of(a="1")], np.array([[1.0, 9.0]]), np.array([[True, False]]))
    assert json.loads(written(matrix))["result"] == [{"metric": {"a": "1"}, "values": [[0, "1"]]}]


def test_a_raw_matrix_keeps_each_series_own_instants() -> None:
    series = Series(Labels(), np.array([1, 2000]), np.array([np.inf, -0.0]))
    assert json.loads(written(RawMatrix([series])))["result"][0]["values"] == [[0.001, "+Inf"], [2, "-0"]]
