"""A frame: named columns of equal length.

`values` of a number column are float64 (NaN is "no value"), of a time column int64 (Unix ms), of others a list.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, Literal, TypeAlias

import numpy as np
from msgspec import Struct, field
from msgspec.structs import replace
from numpy.typing import NDArray

Kind: TypeAlias = Literal["time", "number", "string", "boolean", "other"]
Values: TypeAlias = NDArray[Any] | Sequence[Any]


class Field(Struct, frozen=True):
    """`source_name` is what the data source calls it, from the query's legend; `renamed` what a transformation does."""

    name: str
    kind: Kind
    values: Values
    labels: Mapping[str, str] = field(default_factory=dict)
    source_name: str = ""
    renamed: str = ""

    def __len__(self) -> int:
        return len(self.values)

    def at(self, index: int) -> Any:
        """A plain value; None where there is none."""
        value = self.values[index]
        if isinstance(value, float):
            return None if math.isnan(value) else float(value)
        return value.item() if isinstance(value, np.generic) else value

    def plain(self) -> list[Any]:
        """All of them."""
        if isinstance(self.values, np.ndarray) and self.kind == "number":
            return [None if value != value else value for value in self.values.tolist()]  # noqa: PLR0124 - NaN
        return self.values.tolist() if isinstance(self.values, np.ndarray) else list(self.values)

    def take(self, rows: Sequence[int]) -> Field:
        """Some rows, in this order."""
        if isinstance(self.values, np.ndarray):
            return replace(self, values=self.values[np.asarray(rows, dtype=np.int64)])
        return replace(self, values=[self.values[row] for row in rows])


class Frame(Struct, frozen=True):
    """`ref` is the query's letter; `kind` says how a source meant it, as in `meta.type` of Grafana."""

    fields: tuple[Field, ...]
    ref: str = ""
    name: str = ""
    kind: str = ""

    def __len__(self) -> int:
        return len(self.fields[0]) if self.fields else 0

    def first(self, kind: Kind) -> Field | None:
        return next((one for one in self.fields if one.kind == kind), None)

    def all(self, kind: Kind) -> list[Field]:
        return [one for one in self.fields if one.kind == kind]

    def take(self, rows: Sequence[int]) -> Frame:
        return replace(self, fields=tuple(one.take(rows) for one in self.fields))


def numbers(values: Sequence[Any]) -> NDArray[np.float64]:
    """Numbers and None as one column."""
    return np.array([np.nan if one is None else float(one) for one in values], dtype=np.float64)


def typed(name: str, values: Sequence[Any], kind: Kind | None = None) -> Field:
    """A column whose kind its values tell."""
    present = [one for one in values if one is not None]
    if kind is None:
        kind = _kind(present)
    if kind == "number":
        return Field(name, kind, numbers(values))
    if kind == "time" and len(present) == len(values):
        return Field(name, kind, np.array(values, dtype=np.int64))
    return Field(name, "other" if kind == "time" else kind, list(values))


def _kind(present: Sequence[Any]) -> Kind:
    if present and all(isinstance(one, bool) for one in present):
        return "boolean"
    if present and all(isinstance(one, int | float) and not isinstance(one, bool) for one in present):
        return "number"
    return "string" if all(isinstance(one, str) for one in present) else "other"
