"""Metric families: what an exporter gives, what a renderer writes.

They are msgspec's structs, since a page makes hundreds: one costs a tenth of what a frozen dataclass does.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import Enum

import msgspec


class MetricType(Enum):
    """The types of both text formats; the older one knows the first five."""

    COUNTER = "counter"
    GAUGE = "gauge"
    HISTOGRAM = "histogram"
    SUMMARY = "summary"
    UNTYPED = "untyped"
    UNKNOWN = "unknown"
    INFO = "info"
    STATESET = "stateset"
    GAUGEHISTOGRAM = "gaugehistogram"


class Sample(msgspec.Struct, frozen=True, gc=False):
    """`name` is the sample's own (`x_bucket`, `x_sum`); `timestamp` is Unix ms where the exporter gives one."""

    name: str
    labels: tuple[tuple[str, str], ...]
    value: float
    timestamp: int | None = None


class Family(msgspec.Struct, frozen=True):
    """A name, its help, its type, and its samples in the order in which they are shown."""

    name: str
    type: MetricType
    help: str
    samples: list[Sample] = msgspec.field(default_factory=list)
    unit: str = ""

    @classmethod
    def of(cls, name: str, type_: MetricType, help_: str, *rows: tuple[Mapping[str, str], float]) -> Family:
        """A family whose samples bear its own name."""
        return cls(name, type_, help_, [Sample(name, tuple(labels.items()), value) for labels, value in rows])

    def add(self, value: float, labels: Iterable[tuple[str, str]] = ()) -> None:
        self.samples.append(Sample(self.name, tuple(labels), value))
