"""Answers of Prometheus's HTTP API as results: those of servers that are asked in our place, or beside us."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from promql.model.labels import Labels
from promql.model.results import Matrix, RawMatrix, Result, Scalar, Series, String, Vector


def result_of(data: object) -> Result:
    """What stands under `data` in an answer. Raises ValueError where it is none."""
    found = data if isinstance(data, dict) else {}
    kind, rows = found.get("resultType"), found.get("result")
    try:
        match kind:
            case "scalar" if isinstance(rows, list):
                return Scalar(_ms(rows[0]), float(rows[1]))
            case "string" if isinstance(rows, list):
                return String(_ms(rows[0]), str(rows[1]))
            case "vector":
                return _vector(rows or [])
            case "matrix":
                return RawMatrix([_series(one) for one in rows or []])
            case _:
                pass
    except (LookupError, TypeError, ValueError):
        raise ValueError(f"a {kind} that can't be read") from None
    raise ValueError(f"{kind or 'nothing'} where numbers were wanted")


def aligned(raw: RawMatrix) -> Matrix:
    """The series over all their instants, as the answer to a range query has them."""
    times = np.unique(np.concatenate([np.empty(0, np.int64), *(one.times for one in raw.series)]))
    series = sorted(raw.series, key=lambda one: one.labels)
    values, present = np.zeros((len(series), len(times))), np.zeros((len(series), len(times)), np.bool_)
    for row, one in enumerate(series):
        places = np.searchsorted(times, one.times)
        values[row, places], present[row, places] = one.values, True
    return Matrix(times, [one.labels for one in series], values, present)


def _vector(rows: Sequence[Mapping[str, Any]]) -> Vector:
    values = np.array([float(one["value"][1]) for one in rows], dtype=np.float64)
    time = _ms(rows[0]["value"][0]) if rows else 0
    return Vector(time, [Labels.of(one.get("metric") or {}) for one in rows], values)


def _series(one: Mapping[str, Any]) -> Series:
    pairs: Sequence[Any] = one.get("values") or []
    times = np.array([_ms(pair[0]) for pair in pairs], dtype=np.int64)
    return Series(
        Labels.of(one.get("metric") or {}), times, np.array([float(pair[1]) for pair in pairs], dtype=np.float64)
    )


def _ms(seconds: object) -> int:
    if not isinstance(seconds, int | float):
        raise TypeError
    return round(seconds * 1000)
