"""What a store says of itself."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from msgspec import Struct

from engine.names.index import Index
from engine.tsdb.batch import Appended
from promql.model.labels import METRIC_NAME

TOP: Final = 10

Counts = tuple[tuple[str, int], ...]


class LabelTables(Struct, frozen=True):
    """The tables about labels: (name, count), largest first."""

    label_pairs: int
    series_by_metric: Counts
    values_by_label: Counts
    bytes_by_label: Counts
    series_by_pair: Counts


class StoreSize(Struct, frozen=True):
    """How much there is; times are Unix ms, 0 in an empty store."""

    series: int
    parts: int
    min_time: int
    max_time: int
    bytes_stored: int
    log_segment: int


class StoreStats(StoreSize, frozen=True):
    """The numbers of `/api/v1/status/tsdb`: the size, and what takes a look at all labels."""

    labels: LabelTables
    totals: Appended


class StoreCounts(Struct, frozen=True):
    """What was done since the store was opened, and how many files of parts there are.

    Retentions are turns of maintenance that dropped files for their age or for the size of all; series that were there
    at the opening count as created.
    """

    files: int
    series_created: int
    series_removed: int
    compactions: int
    time_retentions: int
    size_retentions: int


def label_tables(index: Index, limit: int = TOP) -> LabelTables:
    counts = {name: index.counts(name) for name in index.names()}
    return LabelTables(
        label_pairs=sum(map(len, counts.values())),
        series_by_metric=_top(counts.get(METRIC_NAME, []), limit),
        values_by_label=_top(((name, len(values)) for name, values in counts.items()), limit),
        bytes_by_label=_top(
            ((name, sum(len(value.encode()) for value, _ in values)) for name, values in counts.items()), limit
        ),
        series_by_pair=_top(
            ((f"{name}={value}", count) for name, values in counts.items() for value, count in values), limit
        ),
    )


def _top(counts: Iterable[tuple[str, int]], limit: int) -> Counts:
    return tuple(sorted(counts, key=lambda item: (-item[1], item[0]))[:limit])
