"""A parsed page: columns, not objects.

A page of 100,000 samples becomes one list of keys and one array of values. A key is the raw text of a series
as it stands in the page (`name{a="b"}`), decoded once per key by whoever keeps series; two spellings of one
series are two keys.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from engine.foundation.errors import RemoteError
from promql.model.types import BoolArray, FloatArray, IntArray


@dataclass(frozen=True, slots=True)
class Metadata:
    """What a page says of one family; None where it says nothing. `type` is in OpenMetrics's words."""

    type: str | None = None
    help: str | None = None
    unit: str | None = None


@dataclass(frozen=True, slots=True)
class Exemplar:
    """An exemplar of the sample with this index. `labels` is the raw text in braces; `timestamp` is Unix ms."""

    sample: int
    labels: bytes
    value: float
    timestamp: int | None


@dataclass(frozen=True, slots=True, eq=False)
class Page:
    """`keys` and `values: float64[N]` in page order, NaNs made ordinary.

    `timestamps: int64[N]` (Unix ms) is None where no line bears one; else `stamped: bool[N]` says which lines do.
    Whoever parses the next page of the same target hands out the same list object while its keys are the same.
    """

    keys: list[bytes]
    values: FloatArray
    timestamps: IntArray | None = None
    stamped: BoolArray | None = None
    metadata: dict[str, Metadata] = field(default_factory=dict)
    exemplars: list[Exemplar] = field(default_factory=list)


EMPTY_PAGE = Page([], np.empty(0))


class ExpositionError(RemoteError):
    """The page breaks its format; the text is Prometheus 2.42's. `page` holds what stood before the fault."""

    def __init__(self, message: str, page: Page = EMPTY_PAGE) -> None:
        super().__init__(message)
        self.page = page
