"""The arithmetic of operators, one row an operator."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final

import numpy as np

ARITHMETIC: Final[Mapping[str, Callable[..., Any]]] = MappingProxyType(
    {
        "+": np.add,
        "-": np.subtract,
        "*": np.multiply,
        "/": np.divide,
        "%": np.fmod,
        "^": np.power,
        "atan2": np.arctan2,
    }
)
COMPARISON: Final[Mapping[str, Callable[..., Any]]] = MappingProxyType(
    {
        "==": np.equal,
        "!=": np.not_equal,
        "<": np.less,
        "<=": np.less_equal,
        ">": np.greater,
        ">=": np.greater_equal,
    }
)
SETS: Final = frozenset({"and", "or", "unless"})
DROPS_NAME: Final = frozenset({"+", "-", "*", "/", "%", "^"})
"""Arithmetic makes another metric of a metric; that `atan2` does not is a quirk of Prometheus 2."""


def of_scalars(op: str, left: Any, right: Any) -> Any:
    """One number from two; comparisons of scalars always give 0 or 1."""
    with np.errstate(all="ignore"):
        if op in ARITHMETIC:
            return ARITHMETIC[op](left, right)
        return np.where(COMPARISON[op](left, right), 1.0, 0.0)
