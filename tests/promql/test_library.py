"""PromQL over what a program has at hand."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest

import promql
from promql import EvaluationError, Labels, Matrix, ParseError, RawMatrix, Scalar, Vector, evaluate, format, parse  # noqa: A004
from promql.model.staleness import STALE_NAN
from promql.samples import Samples

START = datetime(2024, 5, 1, tzinfo=UTC)
SERIES = 'hits{job="a"}'
PAIRS = [(0, 1.0), (60, 7.0), (120, 9.0)]


class Table:
    """The part of a data frame that is looked at."""

    def __init__(self, index: Any, **columns: Sequence[float]) -> None:
        self.index = index
        self.columns = list(columns)
        self._values = columns

    def __getitem__(self, name: str) -> Sequence[float]:
        return self._values[name]


class Column:
    """The part of a pandas Series that is looked at."""

    def __init__(self, index: Any, values: Sequence[float]) -> None:
        self.index = index
        self._values = values

    def to_numpy(self) -> Any:
        return np.array(self._values)


def values_of(result: object) -> list[float]:
    assert isinstance(result, Vector)
    return result.values.tolist()


def test_an_expression_is_evaluated_at_a_time() -> None:
    result = evaluate("hits * 2", {SERIES: PAIRS}, time=60)
    assert isinstance(result, Vector)
    assert result.labels == [Labels.of(job="a")]
    assert result.values.tolist() == [14.0]
    assert result.time == 60_000


def test_the_newest_sample_says_when_now_is() -> None:
    assert values_of(evaluate("hits", {SERIES: PAIRS})) == [9.0]
    assert evaluate("time()", {SERIES: PAIRS}) == Scalar(120_000, 120.0)
    assert evaluate("time()", {}) == Scalar(0, 0.0)


def test_a_range_has_a_value_at_each_step() -> None:
    for times in ({"start": 0, "end": 120}, {"start": 0}, {"end": 120}):
        result = evaluate("increase(hits[2m])", {SERIES: PAIRS}, step="1m", **times)
        assert isinstance(result, Matrix)
        assert result.times.tolist() == [0, 60_000, 120_000]
    result = evaluate("hits", {SERIES: PAIRS}, start=0, end=120, step=120)
    assert isinstance(result, Matrix)
    assert result.values.tolist() == [[1.0, 9.0]]


@pytest.mark.parametrize(
    "samples",
    [
        PAIRS,
        dict(PAIRS),
        ([0, 60, 120], [1.0, 7.0, 9.0]),
        (np.array([0, 60, 120]), np.array([1, 7, 9])),
        [*PAIRS[:1], (30, None), *PAIRS[1:]],
        Column([0, 60, 120], [1.0, 7.0, 9.0]),
        Column(np.array([0, 60, 120], dtype="datetime64[s]"), [1.0, 7.0, 9.0]),
    ],
)
@pytest.mark.parametrize("series", [SERIES, {"__name__": "hits", "job": "a"}, Labels.of(__name__="hits", job="a")])
def test_series_and_samples_come_in_many_forms(samples: object, series: object) -> None:
    key = frozenset(series.items()) if isinstance(series, dict) else series
    result = evaluate("hits[5m]", {key: samples})
    assert isinstance(result, RawMatrix)
    (found,) = result.series
    assert found.labels == Labels.of(__name__="hits", job="a")
    assert found.times.tolist() == [0, 60_000, 120_000]
    assert found.values.tolist() == [1.0, 7.0, 9.0]


def test_times_may_be_moments() -> None:
    samples = [(START + timedelta(minutes=i), float(i)) for i in range(5)]
    assert values_of(evaluate("x", {"x": samples}, time=START + timedelta(minutes=3))) == [3.0]
    with pytest.raises(ValueError, match="give it one"):
        evaluate("x", {"x": [(datetime(2024, 5, 1), 1.0)]})  # noqa: DTZ001 - that is the mistake


def test_the_columns_of_a_table_are_series_and_its_nans_are_gaps() -> None:
    nan = float("nan")
    table = Table([0, 60, 120], up=[1.0, nan, 3.0], down=[nan, nan, 5.0])
    assert values_of(evaluate("count_over_time(up[5m])", table)) == [2.0]
    assert values_of(evaluate("count_over_time(down[5m])", table)) == [1.0]
    assert values_of(evaluate("count_over_time(up[5m])", {"up": [(0, 1.0), (60, nan), (120, 3.0)]})) == [3.0]


def test_stale_markers_are_kept_apart_from_other_nans() -> None:
    data = {"x": [(0, 1.0), (60, float(STALE_NAN))], "y": [(0, 1.0), (60, float("nan"))]}
    assert values_of(evaluate("x", data)) == []
    assert len(values_of(evaluate("y", data))) == 1
    assert values_of(evaluate("count_over_time(x[5m])", data)) == [1.0]


def test_data_that_is_asked_often_is_read_once() -> None:
    samples = Samples.of({SERIES: PAIRS})
    assert values_of(evaluate("hits", samples)) == values_of(evaluate("hits", {SERIES: PAIRS}))
    assert (samples.oldest, samples.newest) == (0, 120_000)


def test_lookback_and_dialect_are_those_of_the_query() -> None:
    data = {SERIES: PAIRS}
    assert values_of(evaluate("hits", data, time=150, lookback="20s")) == []
    assert values_of(evaluate("count_over_time(hits[1m])", data)) == [2.0]
    assert values_of(evaluate("count_over_time(hits[1m])", data, dialect="prometheus3")) == [1.0]


def test_expressions_are_parsed_once_and_formatted() -> None:
    tree = parse("sum by(job)(hits)")
    assert format(tree) == format("sum   by (job) (hits)") == "sum by (job) (hits)"
    assert values_of(evaluate(tree, {SERIES: PAIRS})) == [9.0]


@pytest.mark.parametrize(
    ("data", "times", "error"),
    [
        ({"rate(x[5m])": PAIRS}, {}, "no series"),
        ({'x{a!="b"}': PAIRS}, {}, "no series"),
        ({"x": [(60, 1.0), (0, 1.0)]}, {}, "x: times must rise"),
        ({"x": ([0, 1], [1.0])}, {}, "want as many"),
        ({"x": PAIRS, frozenset({("__name__", "x")}): PAIRS}, {}, "x: given 2 times"),
        ({"x": PAIRS}, {"time": 1, "start": 1}, "give either"),
        ({"x": PAIRS}, {"start": 2, "end": 1}, "the end is before"),
        ({"x": PAIRS}, {"start": 0, "step": 0}, "step must be"),
        ({"x": PAIRS}, {"lookback": "x"}, "not a valid duration"),
        ({"x": PAIRS}, {"dialect": "x"}, "not a valid Dialect"),
    ],
)
def test_what_can_not_be_read_is_refused(data: Any, times: dict[str, Any], error: str) -> None:
    with pytest.raises(ValueError, match=error):
        evaluate("x", data, **times)


def test_errors_of_the_language_are_its_own() -> None:
    with pytest.raises(ParseError):
        evaluate("x{", {})
    with pytest.raises(EvaluationError):
        evaluate("x + on () x", {'x{a="1"}': PAIRS, 'x{a="2"}': PAIRS})


def test_names_of_the_package_are_all_there() -> None:
    assert all(getattr(promql, name) is not None for name in promql.__all__)
    with pytest.raises(AttributeError, match="no attribute"):
        promql.nothing  # noqa: B018


def test_whoever_parses_does_not_import_what_evaluates() -> None:
    code = "import sys; from promql import parse; parse('up'); sys.exit('promql.execute.run' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
