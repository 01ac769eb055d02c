"""Rows in the order of some labels' values, numbers inside them counted as numbers: `cpu2` before `cpu10`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cmp_to_key
from itertools import zip_longest
from typing import Final, cast

import numpy as np

from promql.functions.elementwise import GridCall
from promql.model.grid import Grid, Value
from promql.model.labels import Labels
from promql.model.types import IntArray

_CHUNK: Final = re.compile(r"[0-9]+|[^0-9]+")  # noqa: TID251 - ours, linear


def sort_by_label(*, descending: bool) -> GridCall:
    """Rows with the same values are in the order of all their labels. As with `sort`, only an instant has an order."""

    def call(_times: IntArray, args: Sequence[Value]) -> Value:
        grid, names = cast("Grid", args[0]), cast("Sequence[str]", args[1:])
        if grid.values.shape[1] != 1:
            return grid

        def compared(a: int, b: int) -> int:
            return _compared(grid.labels[a], grid.labels[b], names)

        order = sorted(range(len(grid.labels)), key=cmp_to_key(compared), reverse=descending)
        return grid.rows(np.array(order, dtype=np.int64))

    return call


def _compared(a: Labels, b: Labels, names: Sequence[str]) -> int:
    for name in names:
        if (one := a.get(name)) != (other := b.get(name)):
            return -1 if comes_before(one, other) else 1
    return (b < a) - (a < b)


def comes_before(a: str, b: str) -> bool:
    """Chunk by chunk: two numbers by size, all else by its text; what ends first comes first."""
    for one, other in zip_longest(_CHUNK.findall(a), _CHUNK.findall(b)):
        if one is None or other is None:
            return one is None
        if one.isdecimal() and other.isdecimal():
            if (size := _size(one)) != (size_of_other := _size(other)):
                return size < size_of_other
        elif one != other:
            return bool(one < other)
    return a < b


def _size(digits: str) -> tuple[int, str]:
    """What orders numbers as their values do, without an `int` of them: those may not have thousands of digits."""
    digits = digits.lstrip("0")
    return len(digits), digits
