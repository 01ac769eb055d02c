"""What a query gives."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

from msgspec import Struct

from promql.model.labels import Labels
from promql.model.types import BoolArray, FloatArray, IntArray


class Scalar(Struct, frozen=True):
    """One number at one instant (Unix ms)."""

    time: int
    value: float


class String(Struct, frozen=True):
    """One text at one instant (Unix ms)."""

    time: int
    value: str


class Vector(Struct, frozen=True):
    """One value a series, all at one instant; the order is part of the answer. `values: float64[S]`."""

    time: int
    labels: Sequence[Labels]
    values: FloatArray


class Series(Struct, frozen=True):
    """One series' own samples: `times: int64[T]`, `values: float64[T]`."""

    labels: Labels
    times: IntArray
    values: FloatArray


class RawMatrix(Struct, frozen=True):
    """The answer to an instant query for a range: each series has times of its own; sorted by labels."""

    series: Sequence[Series]


class Matrix(Struct, frozen=True):
    """The answer to a range query, sorted by labels; rows without a value are left out.

    `times: int64[T]` steps, `values: float64[S, T]`, `present: bool[S, T]`.
    """

    times: IntArray
    labels: Sequence[Labels]
    values: FloatArray
    present: BoolArray


Result: TypeAlias = Scalar | String | Vector | RawMatrix | Matrix
