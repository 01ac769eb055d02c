"""What a store hands to a query: series that were sampled at exactly the same instants.

A column with a hole inside is in another panel than one without, so a kernel never meets a hole: every value
of a panel is a sample. Stale markers appear only in panels that were gathered for instant selectors.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from promql.model.labels import Labels
from promql.model.matchers import Matcher
from promql.model.types import FloatArray, IntArray


class Kind(Enum):
    """What a selector does with its samples: instants keep stale markers, ranges drop them."""

    INSTANT = "instant"
    RANGE = "range"


@dataclass(frozen=True, slots=True)
class Need:
    """All samples of the series that match, with start <= t <= end (Unix ms)."""

    matchers: tuple[Matcher, ...]
    start: int
    end: int
    kind: Kind


@dataclass(frozen=True, slots=True)
class Panel:
    """`times: int64[T]` ascending Unix ms; `values: float64[S, T]`; `labels` and `refs: int64[S]` name the rows.

    `refs` number series in the order of their creation, unique in a store: reductions run in that order, since
    sums and ties depend on it.
    """

    times: IntArray
    values: FloatArray
    labels: Sequence[Labels]
    refs: IntArray
