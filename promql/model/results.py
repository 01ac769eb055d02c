"""What a query gives."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

from promql.model.labels import Labels
from promql.model.types import BoolArray, FloatArray, IntArray


@dataclass(frozen=True, slots=True)
class Scalar:
    """One number at one instant (Unix ms)."""

    time: int
    value: float


@dataclass(frozen=True, slots=True)
class String:
    """One text at one instant (Unix ms)."""

    time: int
    value: str


@dataclass(frozen=True, slots=True)
class Vector:
    """One value a series, all at one instant; the order is part of the answer. `values: float64[S]`."""

    time: int
    labels: Sequence[Labels]
    values: FloatArray


@dataclass(frozen=True, slots=True)
class Series:
    """One series' own samples: `times: int64[T]`, `values: float64[T]`."""

    labels: Labels
    times: IntArray
    values: FloatArray


@dataclass(frozen=True, slots=True)
class RawMatrix:
    """The answer to an instant query for a range: each series has times of its own; sorted by labels."""

    series: Sequence[Series]


@dataclass(frozen=True, slots=True)
class Matrix:
    """The answer to a range query, sorted by labels; rows without a value are left out.

    `times: int64[T]` steps, `values: float64[S, T]`, `present: bool[S, T]`.
    """

    times: IntArray
    labels: Sequence[Labels]
    values: FloatArray
    present: BoolArray


Result: TypeAlias = Scalar | String | Vector | RawMatrix | Matrix
