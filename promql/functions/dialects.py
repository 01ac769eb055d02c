"""What Prometheus 3 means otherwise by the same words, beyond where windows begin.

Windows are open at their left there. In whole milliseconds such a window is a closed one that is a millisecond shorter;
the plan asks for those, and the functions that divide by a window's length are given the nominal one back.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace  # noqa: TID251 - windows are a data class
from enum import Enum
from types import MappingProxyType
from typing import Final

from promql.functions import counters
from promql.functions.relabelling import label_replace
from promql.functions.table import FUNCTIONS, OverGrids, OverRange, Row
from promql.functions.windows import Answer, Kernel, Windows
from promql.model.types import FloatArray


class Dialect(Enum):
    """Whose meanings hold, by the names that flags and parameters use."""

    PROMETHEUS_2 = "prometheus2"
    PROMETHEUS_3 = "prometheus3"

    @property
    def opening(self) -> int:
        """By how many ms a window is shorter than it is written."""
        return int(self is Dialect.PROMETHEUS_3)


def functions_of(dialect: Dialect) -> Mapping[str, Row]:
    return _FUNCTIONS[dialect]


def dot_matches_newlines(pattern: str) -> str:
    """The pattern as Prometheus 3 takes it."""
    return f"(?s:{pattern})"


def _of_nominal_length(kernel: Kernel) -> Kernel:
    def call(windows: Windows, args: Sequence[FloatArray]) -> Answer:
        return kernel(replace(windows, length=windows.length + Dialect.PROMETHEUS_3.opening), args)

    return call


_FUNCTIONS: Final[Mapping[Dialect, Mapping[str, Row]]] = MappingProxyType(
    {
        Dialect.PROMETHEUS_2: FUNCTIONS,
        Dialect.PROMETHEUS_3: MappingProxyType(
            {
                **FUNCTIONS,
                "delta": OverRange(_of_nominal_length(counters.delta)),
                "increase": OverRange(_of_nominal_length(counters.increase_later)),
                "rate": OverRange(_of_nominal_length(counters.rate_later)),
                "label_replace": OverGrids(label_replace(dot_matches_newlines)),
            }
        ),
    }
)
