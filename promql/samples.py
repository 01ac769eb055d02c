"""Samples from what Python programs keep them in, as panels.

Data is a mapping from series to samples, or a table with a column a series. A series is `Labels`, a mapping of labels,
or its text as PromQL writes it (`hits{job="a"}`). Samples are pairs of time and value, a mapping from time to value, a
tuple of two arrays (times, values), or anything with an index and values like a pandas Series. Times are Unix seconds,
`datetime`s, or arrays of either (`datetime64` too), in rising order.

A table is anything with columns and an index like a pandas DataFrame; a NaN in one is a gap, while in all other forms
it is a value. A None is a gap everywhere.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, TypeAlias

import numpy as np
from msgspec import Struct

from promql.model.labels import Labels
from promql.model.matchers import MatchOp, match_all
from promql.model.panel import Kind, Need, Panel
from promql.model.staleness import is_stale, normalise
from promql.model.types import FloatArray, IntArray
from promql.syntax.ast import VectorSelector
from promql.syntax.parser import parse

Data: TypeAlias = Any
"""A mapping from series to samples, or a table."""

_Column: TypeAlias = tuple[IntArray, FloatArray]
_Series: TypeAlias = tuple[Labels, IntArray, FloatArray]


class Samples(Struct, frozen=True):
    """Series in the order in which they were given, with their samples: `int64[T]` (Unix ms), `float64[T]`."""

    series: Sequence[_Series]

    @classmethod
    def of(cls, data: Data) -> Samples:
        """Raises ValueError where a series or its samples can't be read."""
        columns = _table(data) if hasattr(data, "columns") else _mapping(data)
        for labels, count in Counter(labels for labels, _, _ in columns).items():
            if count > 1:
                raise ValueError(f"{labels}: given {count} times")
        return cls(columns)

    @property
    def oldest(self) -> int:
        """The time of the oldest sample (Unix ms); 0 where there is none."""
        return min((int(times[0]) for _, times, _ in self.series if len(times)), default=0)

    @property
    def newest(self) -> int:
        """The time of the newest sample (Unix ms); 0 where there is none."""
        return max((int(times[-1]) for _, times, _ in self.series if len(times)), default=0)

    def panels(self, need: Need) -> list[Panel]:
        """What a plan asks for; series with the same instants share a panel."""
        alike: defaultdict[bytes, list[tuple[int, Labels, IntArray, FloatArray]]] = defaultdict(list)
        for ref, (labels, times, values) in enumerate(self.series):
            if not match_all(need.matchers, labels):
                continue
            low, high = times.searchsorted([need.start, need.end + 1])
            inside, found = times[low:high], values[low:high]
            if need.kind is Kind.RANGE and (stale := is_stale(found)).any():
                inside, found = inside[~stale], found[~stale]
            if len(inside):
                alike[inside.tobytes()].append((ref, labels, inside, found))
        return [
            Panel(
                rows[0][2],
                np.array([found for _, _, _, found in rows]),
                [labels for _, labels, _, _ in rows],
                np.array([ref for ref, _, _, _ in rows], dtype=np.int64),
            )
            for rows in alike.values()
        ]


def milliseconds(instant: float | datetime) -> int:
    """Unix ms. Raises ValueError for a moment without a time zone, which might mean any."""
    if isinstance(instant, datetime):
        if instant.tzinfo is None:
            raise ValueError(f"{instant}: a time without a time zone: give it one")
        return round(instant.timestamp() * 1000)
    return round(instant * 1000)


def _mapping(data: Mapping[Any, Any]) -> list[_Series]:
    return [(_labels(name), *_checked(_column(samples), name)) for name, samples in data.items()]


def _table(data: Any) -> list[_Series]:
    times = _times(data.index)
    out: list[_Series] = []
    for place, name in enumerate(data.columns):
        values = np.asarray(data.iloc[:, place] if hasattr(data, "iloc") else data[name], dtype=np.float64)
        there = ~np.isnan(values)
        out.append((_labels(name), *_checked((times[there], values[there]), name)))
    return out


def _column(samples: Any) -> _Column:
    if isinstance(samples, Mapping):
        return _pairs(samples.items())
    if hasattr(samples, "index") and hasattr(samples, "to_numpy"):
        return _times(samples.index), np.asarray(samples.to_numpy(), dtype=np.float64)
    if isinstance(samples, tuple) and len(samples) == 2 and not np.isscalar(samples[0]):
        return _times(samples[0]), np.asarray(samples[1], dtype=np.float64)
    return _pairs(samples)


def _pairs(pairs: Iterable[tuple[Any, Any]]) -> _Column:
    kept = [(time, value) for time, value in pairs if value is not None]
    return _times([time for time, _ in kept]), np.array([value for _, value in kept], dtype=np.float64)


def _times(given: Any) -> IntArray:
    """Unix ms."""
    array = np.asarray(given)
    if array.dtype.kind == "M":
        return array.astype("datetime64[ms]").astype(np.int64)
    if array.dtype.kind == "O":
        return np.array([milliseconds(one) for one in array.tolist()], dtype=np.int64)
    return np.rint(array.astype(np.float64) * 1000).astype(np.int64)


def _checked(column: _Column, name: object) -> _Column:
    times, values = column
    if times.shape != values.shape or times.ndim != 1:
        raise ValueError(
            f"{name}: {times.shape} times and {values.shape} values: want as many of both, in one dimension"
        )
    if (np.diff(times) <= 0).any():
        raise ValueError(f"{name}: times must rise from sample to sample")
    return times, normalise(values)


def _labels(name: Any) -> Labels:
    if isinstance(name, Labels):
        return name
    if isinstance(name, Mapping):
        return Labels.of(name)
    if isinstance(name, str):
        return _labels_of_text(name)
    return Labels.of(tuple(name))


def _labels_of_text(text: str) -> Labels:
    expr = parse(text)
    plain = isinstance(expr, VectorSelector) and all(matcher.op is MatchOp.EQUAL for matcher in expr.matchers)
    if not plain or not isinstance(expr, VectorSelector):
        raise ValueError(f'{text}: no series: want name{{label="value"}}')
    return Labels.of({matcher.name: matcher.value for matcher in expr.matchers})
