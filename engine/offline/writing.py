"""Text of a store, written series by series."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from msgspec import Struct
from msgspec.structs import replace

from engine.offline.progress import Progress
from engine.offline.reading import Row, Wanted, by_name, found, rows
from engine.offline.text import EOF, dumped, exportable, openmetrics
from engine.tsdb.store import Store
from promql.model.panel import Kind

Write = Callable[[str], object]


class Written(Struct, frozen=True):
    """How much was written; `left_out` series have names that the format can't hold."""

    series: int
    samples: int
    left_out: int = 0


def dump(store: Store, wanted: Wanted, write: Write, progress: Progress) -> Written:
    """As `promtool tsdb dump`: a stale marker shows as NaN."""
    refs = by_name(store, found(store, wanted))
    return _written(rows(store, refs, wanted, Kind.INSTANT), len(refs), lambda row: write(dumped(row)), progress)


def export(store: Store, wanted: Wanted, write: Write, progress: Progress) -> Written:
    """As OpenMetrics, which has no stale markers: where a series ended is not told."""
    every = found(store, wanted)
    refs = by_name(store, every[[exportable(labels) for labels in store.labels_of(every)]])
    done = _written(rows(store, refs, wanted, Kind.RANGE), len(refs), lambda row: write(openmetrics(row)), progress)
    write(EOF)
    return replace(done, left_out=len(every) - len(refs))


def _written(rows: Iterable[Row], count: int, put: Callable[[Row], object], progress: Progress) -> Written:
    series = samples = 0
    with progress.of(count, "series") as step:
        for row in rows:
            put(row)
            series, samples = series + 1, samples + len(row.times)
            step(1)
    return Written(series, samples)
