"""All samples of many series, series by series, some of them at a time: memory stays small, whatever there is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np
from msgspec import Struct

from engine.tsdb.store import Store
from promql.model.labels import Labels
from promql.model.matchers import Matcher, MatchOp
from promql.model.panel import Kind
from promql.model.types import FloatArray, IntArray

FIRST: Final = -(2**62)
LAST: Final = 2**62
EVERYTHING: Final = ((Matcher("__name__", MatchOp.REGEX, ".*"),),)
_SAMPLES: Final = 1_000_000
_SERIES: Final = 1024


class Wanted(Struct, frozen=True):
    """Series that match one of the selectors, and samples with start <= t <= end (Unix ms)."""

    selectors: Sequence[tuple[Matcher, ...]]
    start: int = FIRST
    end: int = LAST


class Row(Struct, frozen=True):
    """A series with its samples: `times: int64[N]` ascending (Unix ms), `values: float64[N]`."""

    labels: Labels
    times: IntArray
    values: FloatArray


def found(store: Store, wanted: Wanted) -> IntArray:
    """The numbers of the series, ascending."""
    numbers = [store.find(matchers, wanted.start, wanted.end) for matchers in wanted.selectors]
    return np.unique(np.concatenate(numbers)) if numbers else np.empty(0, np.int64)


def by_name(store: Store, refs: IntArray) -> list[int]:
    """By metric, and within one by labels."""
    labels = dict(zip(refs.tolist(), store.labels_of(refs), strict=True))
    return sorted(labels, key=lambda ref: (labels[ref].name, labels[ref]))


def rows(store: Store, refs: Sequence[int], wanted: Wanted, kind: Kind) -> Iterator[Row]:
    """The series in the order of `refs`; those without samples in the span are left out.

    A range has no stale markers, an instant keeps them. Raises DamagedError.
    """
    at, size = 0, 64
    while at < len(refs):
        some = refs[at : at + size]
        samples = 0
        held: dict[int, Row] = {}
        for selected in store.read(np.sort(np.array(some, np.int64)), wanted.start, wanted.end, kind):
            samples += selected.values.size
            held.update((ref, Row(labels, times, values)) for ref, labels, times, values in selected.series())
        yield from (held[ref] for ref in some if ref in held)
        at += len(some)
        size = max(1, min(_SERIES, _SAMPLES * len(some) // max(samples, 1)))
