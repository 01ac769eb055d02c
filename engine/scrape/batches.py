"""A scrape as batches: samples, stale markers and report series, by instant.

Law: no batch bears a column twice; of several samples of one series and instant the first in the page stands, and
report series come last. Nearly every page has one instant and every series once, and then nothing is sorted.
"""

from __future__ import annotations

import numpy as np
from msgspec import Struct

from engine.scrape.series import Resolved
from engine.tsdb.batch import Batch
from exporters.exposition.page import Page
from promql.model.staleness import STALE_NAN
from promql.model.types import FloatArray, IntArray


class Samples(Struct, frozen=True):
    """What a page leaves after relabelling: `columns: int64[N]`, `values: float64[N]`, in page order.

    `times: int64[N]` is None where all have the scrape's time. `alive: int64[M]` are the columns, sorted, each once,
    that get a stale marker when they vanish; series with time stamps of their own do not unless their staleness is
    tracked, and one that gets such stamps counts as vanished. `refused` samples lie too far in the future.
    """

    columns: IntArray
    values: FloatArray
    times: IntArray | None
    alive: IntArray
    distinct: bool
    refused: int = 0


def samples_of(
    page: Page, resolved: Resolved, time: int, *, honor_timestamps: bool, track_staleness: bool = False, latest: int
) -> Samples:
    """The page's samples; own time stamps count where they are honoured, and not after `latest` (Unix ms)."""
    kept = resolved.kept
    columns = resolved.columns if kept is None else resolved.columns[kept]
    values = page.values if kept is None else page.values[kept]
    if page.timestamps is None or page.stamped is None or not honor_timestamps:
        return Samples(columns, values, None, resolved.alive, resolved.distinct)
    stamped = page.stamped if kept is None else page.stamped[kept]
    given = page.timestamps if kept is None else page.timestamps[kept]
    times = np.where(stamped, given, time)
    alive = resolved.alive if track_staleness else np.unique(columns[~stamped])
    in_time = times <= latest
    refused = len(times) - int(in_time.sum())
    if refused:
        columns, values, times = columns[in_time], values[in_time], times[in_time]
    return Samples(columns, values, times, alive, resolved.distinct, refused)


def compose(time: int, samples: Samples, stale: IntArray, reports: tuple[IntArray, FloatArray]) -> list[Batch]:
    """All batches of a scrape, by rising time."""
    if len(stale):
        stale = np.setdiff1d(stale, reports[0])  # a page may have borne a report's name, which lives on
        if samples.times is not None:
            stale = np.setdiff1d(stale, samples.columns[samples.times >= time])  # their end would come too late
    columns = np.concatenate((samples.columns, stale, reports[0]))
    values = np.concatenate((samples.values, np.full(len(stale), STALE_NAN), reports[1]))
    if samples.times is not None:
        times = np.full(len(columns), time, np.int64)
        times[: len(samples.times)] = samples.times
        return [_first_of_each(int(at), columns[times == at], values[times == at]) for at in np.unique(times)]
    if samples.distinct and not _meet(reports[0], samples.alive):
        return [Batch(time, columns, values)]
    return [_first_of_each(time, columns, values)]


def _meet(some: IntArray, alive: IntArray) -> bool:
    """Whether a column is in both; `alive` is sorted."""
    at = alive.searchsorted(some)
    return bool(np.count_nonzero(alive.take(at, mode="clip") == some)) if len(alive) else False


def vanished(before: IntArray, now: IntArray) -> IntArray:
    """The columns that were alive and are not any more."""
    return before[:0] if before is now else np.setdiff1d(before, now, assume_unique=True)


def _first_of_each(time: int, columns: IntArray, values: FloatArray) -> Batch:
    unique, first = np.unique(columns, return_index=True)
    if len(unique) == len(columns):
        return Batch(time, columns, values)
    order = np.sort(first)
    return Batch(time, columns[order], values[order])
