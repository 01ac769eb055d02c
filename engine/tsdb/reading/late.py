"""Samples that come behind others of their series: which of them are there already.

Within `out_of_order_time_window` such samples are taken. They go to the ragged part of their source, since the rows of
tables only grow, and are put in order when they are gathered. So that no series has two samples at one time, each is
looked up first; the one that was there first stays, whatever the other's value, as in Prometheus.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from engine.tsdb.parts import RaggedPart, TablePart, Wanted
from engine.tsdb.reading.gather import Group
from promql.model.staleness import is_absent
from promql.model.types import BoolArray, IntArray


def held(groups: Iterable[Group], refs: IntArray, times: IntArray) -> BoolArray:
    """Which of the samples of series `refs: int64[N]` at `times: int64[N]` a store has: bool[N].

    The groups have all the series.
    """
    out = np.zeros(len(refs), np.bool_)
    start, end = int(times.min()), int(times.max())
    for group in groups:
        mine = np.flatnonzero(np.isin(refs, group.refs))
        rows = group.refs.searchsorted(refs[mine])
        for source, columns in group.owners:
            wanted, view = Wanted(group.refs, columns), source.view
            for table in view.tables(start, end):
                out[mine] |= _in_table(table, wanted, rows, times[mine])
            for ragged in view.raggeds(start, end):
                out[mine] |= _in_ragged(ragged, wanted, rows, times[mine])
    return out


def first_of_each(refs: IntArray, times: IntArray) -> BoolArray:
    """Which samples are the first of their series and time: bool[N]."""
    order = np.lexsort((times, refs))
    repeated = np.zeros(len(refs), np.bool_)
    repeated[1:] = (np.diff(refs[order]) == 0) & (np.diff(times[order]) == 0)
    out = np.empty(len(refs), np.bool_)
    out[order] = ~repeated
    return out


def _in_table(table: TablePart, wanted: Wanted, rows: IntArray, times: IntArray) -> BoolArray:
    found, instants = table.locate(wanted), table.times
    place = np.full(len(wanted.refs), -1)
    place[found.rows] = np.arange(len(found.rows))
    at = np.minimum(instants.searchsorted(times), len(instants) - 1)
    hit: BoolArray = (place[rows] >= 0) & (instants[at] == times)
    if hit.any():
        low, high = int(at[hit].min()), int(at[hit].max()) + 1
        values = np.empty((len(found.at), high - low))
        table.fill(values, found.at, low, high)
        hit[hit] = ~is_absent(values[place[rows[hit]], at[hit] - low])
    return hit


def _in_ragged(ragged: RaggedPart, wanted: Wanted, rows: IntArray, times: IntArray) -> BoolArray:
    samples = ragged.samples(wanted, int(times.min()), int(times.max()))
    instants, ranks = np.unique(np.concatenate([samples.times, times]), return_inverse=True)
    owners = np.concatenate([np.repeat(samples.rows, samples.counts), rows])
    keys = owners * len(instants) + ranks
    return np.isin(keys[len(samples.times) :], keys[: len(samples.times)])
