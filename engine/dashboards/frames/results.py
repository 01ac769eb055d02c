"""Frames of what a Prometheus (or the metrics of a Loki) answers, by the format that a query asks for."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

import numpy as np

from engine.dashboards.frames.frame import Field, Frame, typed
from promql.model.labels import Labels
from promql.model.results import Matrix, RawMatrix, Result, Scalar, String, Vector
from promql.model.types import FloatArray, IntArray

_LEGEND: Final = re.compile(r"\{\{\s*(.+?)\s*\}\}")  # noqa: TID251 - ours, linear
Row = tuple[Labels, IntArray, FloatArray]


def rows(result: Result) -> list[Row]:
    """Series of times and values; steps without a value are NaN."""
    match result:
        case Matrix(times, labels, values, present):
            filled = np.where(present, values, np.nan)
            return [(one, times, filled[at]) for at, one in enumerate(labels)]
        case RawMatrix(series):
            return [(one.labels, one.times, one.values) for one in series]
        case Vector(time, labels, values):
            return [(one, np.array([time]), values[at : at + 1]) for at, one in enumerate(labels)]
        case Scalar(time, value):
            return [(Labels(), np.array([time]), np.array([value]))]
        case String():
            return []


def _samples(result: Result) -> list[Row]:
    """Series of times and values, without steps that have no value."""
    if not isinstance(result, Matrix):
        return rows(result)
    there = zip(result.labels, result.values, result.present, strict=True)
    return [(labels, result.times[present], values[present]) for labels, values, present in there]


def series_frames(result: Result, ref: str, legend: str, query: str, step: int = 0) -> list[Frame]:
    """One frame a series: its times, and its values under the name that the legend gives.

    Where values are further apart than `step` (ms; 0 for any), NaN stands between them: no line leads over a gap.
    """
    found = [_parted(*row, step) if step else row for row in rows(result)]
    names = _names([labels for labels, _, _ in found], legend, query)
    return [
        Frame(
            (
                Field("Time", "time", times.astype(np.int64)),
                Field("Value", "number", values.astype(np.float64), labels.as_dict(), source_name=name),
            ),
            ref,
            name,
            "timeseries-multi",
        )
        for (labels, times, values), name in zip(found, names, strict=True)
    ]


def _parted(labels: Labels, times: IntArray, values: FloatArray, step: int) -> Row:
    gaps = np.flatnonzero(np.diff(times) > step)
    if not len(gaps):
        return labels, times, values
    return labels, np.insert(times, gaps + 1, times[gaps] + step), np.insert(values, gaps + 1, np.nan)


def table_frame(result: Result, ref: str, several: bool = False) -> Frame:
    """One frame of all samples: the time, a column a label, the value; `several` queries name theirs apart."""
    found = _samples(result)
    names = sorted({name for labels, _, _ in found for name in labels.names()})
    flat = [
        (labels, int(time), float(value))
        for labels, times, values in found
        for time, value in zip(times.tolist(), values.tolist(), strict=True)
    ]
    columns = [Field("Time", "time", np.array([time for _, time, _ in flat], dtype=np.int64))]
    columns += [typed(name, [labels.get(name) for labels, _, _ in flat], "string") for name in names]
    value = f"Value #{ref}" if several else "Value"
    columns.append(Field(value, "number", np.array([number for _, _, number in flat], dtype=np.float64)))
    return Frame(tuple(columns), ref, "", "table")


def heatmap_frame(result: Result, ref: str, legend: str, query: str) -> Frame:
    """One frame: the time and a column a bucket, each less those below, as counters of `le` need it."""
    found = sorted(rows(result), key=lambda row: _bound(row[0].get("le")))
    names = _names([labels for labels, _, _ in found], legend, query)
    if not found:
        return Frame((), ref, "", "heatmap-rows")
    times = np.unique(np.concatenate([row[1] for row in found]))
    columns, below = [], np.zeros(len(times))
    for (labels, own, values), name in zip(found, names, strict=True):
        aligned = np.full(len(times), np.nan)
        aligned[np.searchsorted(times, own)] = values
        shown = aligned - below if labels.get("le") else aligned
        below = np.where(np.isnan(aligned), below, aligned)
        columns.append(Field(name, "number", np.maximum(shown, 0), labels.as_dict(), source_name=name))
    return Frame((Field("Time", "time", times.astype(np.int64)), *columns), ref, "", "heatmap-rows")


def legend_text(legend: str, labels: Mapping[str, str]) -> str:
    """`{{label}}` replaced; a label that is missing is nothing."""
    return _LEGEND.sub(lambda found: labels.get(found[1], ""), legend)


def _names(series: Sequence[Labels], legend: str, query: str) -> list[str]:
    if legend == "__auto":
        return _telling(series, query)
    if legend:
        return [legend_text(legend, labels.as_dict()) for labels in series]
    return [_plain_name(labels, query) for labels in series]


def _telling(series: Sequence[Labels], query: str) -> list[str]:
    """Only labels that differ, of a single such label its value alone; a single series by its value's name."""
    if len(series) == 1:
        return [series[0].name or ("Value" if series[0] else query)]
    shared = set.intersection(*(set(labels.pairs) for labels in series)) if series else set()
    rest = [Labels(tuple(pair for pair in labels.pairs if pair not in shared)) for labels in series]
    only = {name for labels in rest for name in labels.names()}
    if len(only) == 1:
        name = only.pop()
        return [labels.get(name) or _plain_name(labels, query) for labels in rest]
    return [_plain_name(labels, query) for labels in rest]


def _plain_name(labels: Labels, query: str) -> str:
    text = str(labels)
    return query if text == "{}" else text


def _bound(text: str) -> float:
    try:
        return float(text.replace("Inf", "inf"))
    except ValueError:
        return float("inf")


def aligned(fields: Iterable[tuple[IntArray, FloatArray]]) -> tuple[IntArray, list[FloatArray]]:
    """Series on one axis of time: `times: int64[T]`, each `float64[T]` with NaN where it has no value."""
    given = list(fields)
    if not given:
        return np.empty(0, dtype=np.int64), []
    first = given[0][0]
    if all(times is first or np.array_equal(times, first) for times, _ in given):
        return first, [values for _, values in given]
    axis = np.unique(np.concatenate([times for times, _ in given]))
    found = []
    for times, values in given:
        filled = np.full(len(axis), np.nan)
        filled[np.searchsorted(axis, times)] = values
        found.append(filled)
    return axis, found
