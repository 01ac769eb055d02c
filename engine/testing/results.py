"""What queries give to a test: plain values that compare with what a person would write down."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from msgspec import Struct

from engine.testing.errors import TestEngineError
from promql.model.labels import Labels
from promql.model.results import Matrix, RawMatrix, Result, Scalar, String, Vector


class Sample(Struct, frozen=True):
    """One series' value; `labels` with its name."""

    labels: Mapping[str, str]
    value: float


class Series(Struct, frozen=True):
    """One series over time; `times` in Unix seconds."""

    labels: Mapping[str, str]
    times: tuple[float, ...]
    values: tuple[float, ...]


class Answer(Struct, frozen=True):
    """What an expression gave at one instant."""

    query: str
    samples: tuple[Sample, ...]

    @property
    def value(self) -> float:
        """The only value. Raises TestEngineError where there are none, or several."""
        if len(self.samples) != 1:
            raise TestEngineError(f"{self.query}: {len(self.samples)} samples, where one is wanted: {self}")
        return self.samples[0].value

    @property
    def values(self) -> dict[str, float]:
        """Values by series, written as in PromQL."""
        return {series(sample.labels): sample.value for sample in self.samples}

    def __iter__(self) -> Iterator[Sample]:
        return iter(self.samples)

    def __len__(self) -> int:
        return len(self.samples)

    def __str__(self) -> str:
        return "\n".join(f"{name} {value:g}" for name, value in self.values.items()) or "nothing"


def series(labels: Mapping[str, str]) -> str:
    """`name{label="value"}`."""
    return str(Labels.of(dict(labels)))


def answer(query: str, result: Result) -> Answer:
    """Of an instant query. Raises TestEngineError for ranges and texts, which have no single value."""
    match result:
        case Scalar(_, value):
            return Answer(query, (Sample({}, float(value)),))
        case Vector(_, labels, values):
            rows = zip(labels, values.tolist(), strict=True)
            return Answer(query, tuple(Sample(dict(one), value) for one, value in rows))
        case RawMatrix():
            raise TestEngineError(f"{query} is a range: ask for it with series()")
        case String(_, value):
            raise TestEngineError(f"{query} is a text, {value!r}, and no number")
        case Matrix():
            raise AssertionError("an instant query gives no matrix")


def over_time(result: Result) -> list[Series]:
    """Of a query for stored samples."""
    assert isinstance(result, RawMatrix), "a range selector gives its samples"
    return [
        Series(dict(one.labels), tuple((one.times / 1000).tolist()), tuple(one.values.tolist()))
        for one in result.series
    ]
