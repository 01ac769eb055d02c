"""Differences over a window: what a counter or a gauge did between its first and its last sample there.

A decrease of a counter is a reset: it went on from zero, so what it had before is added again. Resets are rare, so
they are looked up for the windows that have some, and a window without one gets exactly `last - first`.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from promql.functions.windows import Answer, Windows
from promql.model.types import BoolArray, FloatArray, IntArray


def rate(windows: Windows, _args: Sequence[FloatArray]) -> Answer:
    """Per second, extrapolated to the edges of the window."""
    change, first = _change(windows)
    _extrapolate(windows, change, first, windows.length / 1000)
    return change, windows.holding(2)


def increase(windows: Windows, _args: Sequence[FloatArray]) -> Answer:
    """Over the whole window, extrapolated to its edges."""
    change, first = _change(windows)
    _extrapolate(windows, change, first, 1.0)
    return change, windows.holding(2)


def rate_later(windows: Windows, _args: Sequence[FloatArray]) -> Answer:
    """`rate` since Prometheus 2.51."""
    change, first = _change(windows)
    change *= _stretch_later(windows, change, first) / (windows.length / 1000)
    return change, windows.holding(2)


def increase_later(windows: Windows, _args: Sequence[FloatArray]) -> Answer:
    """`increase` since Prometheus 2.51."""
    change, first = _change(windows)
    change *= _stretch_later(windows, change, first)
    return change, windows.holding(2)


def delta(windows: Windows, _args: Sequence[FloatArray]) -> Answer:
    """For gauges: no resets, no stop at zero."""
    change, _ = _plain_change(windows)
    change *= _to_edges(*_distances(windows))
    return change, windows.holding(2)


def irate(windows: Windows, _args: Sequence[FloatArray]) -> Answer:
    """Per second, between the last two samples; after a reset the last one alone."""
    before, last, apart = _last_two(windows)
    return np.where(last < before, last, last - before) / (apart / 1000), windows.holding(2) & (apart != 0)


def idelta(windows: Windows, _args: Sequence[FloatArray]) -> Answer:
    """The difference of the last two samples."""
    before, last, apart = _last_two(windows)
    return last - before, windows.holding(2) & (apart != 0)


def changes(windows: Windows, _args: Sequence[FloatArray]) -> Answer:
    """How often the value changed; from NaN to NaN is no change."""
    return _count(windows, windows.changes(lambda now, before: (now != before) & ~(np.isnan(now) & np.isnan(before))))


def resets(windows: Windows, _args: Sequence[FloatArray]) -> Answer:
    """How often the value fell."""
    return _count(windows, windows.changes(np.less))


def _count(windows: Windows, flags: BoolArray) -> Answer:
    running = np.cumsum(flags, axis=-1, dtype=np.int64)
    return (windows.take(running, windows.last) - windows.take(running, windows.first)).astype(
        np.float64
    ), windows.holding(1)


def _plain_change(windows: Windows) -> tuple[FloatArray, FloatArray]:
    """Last less first, and the first: `float64[S, K]`, the caller's own."""
    first: FloatArray = windows.take(windows.values, windows.first)
    change: FloatArray = windows.take(windows.values, windows.last)
    change -= first
    return change, first


def _change(windows: Windows) -> tuple[FloatArray, FloatArray]:
    """The same with, for each reset in between, in order, the value before it."""
    change, first = _plain_change(windows)
    falls = windows.changes(np.less)
    if falls.any():
        _add_resets(windows, falls, change)
    return change, first


def _add_resets(windows: Windows, falls: BoolArray, change: FloatArray) -> None:
    """Falls are numbered through all series, so each window's are a run of numbers."""
    values = windows.values.ravel()
    falls = falls.ravel()
    before = values[np.flatnonzero(falls) - 1]
    running = np.cumsum(falls, dtype=np.int64).reshape(windows.values.shape)
    begin = windows.take(running, windows.first)
    number = np.where(windows.count > 0, windows.take(running, windows.last) - begin, 0)
    row, column = np.nonzero(number)
    begin, number = begin[row, column], number[row, column]
    for nth in range(int(number.max(initial=0))):  # the nth fall of every window that has so many
        some = number > nth
        change[row[some], column[some]] += before[begin[some] + nth]


def _extrapolate(windows: Windows, change: FloatArray, first: FloatArray, divisor: float) -> None:
    """Multiply a counter's change, in place, by what it takes to reach the edges of the window.

    It is not taken below zero: where it would have been zero at an instant inside the window, it began there. That is
    so at the steps after a beginning or a reset, for most series that began together; so it is done for those steps.
    """
    sampled, mean, to_start, to_end = _distances(windows)
    factor = _to_edges(sampled, mean, to_start, to_end) / divisor
    to_zero = first / change
    to_zero *= sampled
    nearer = to_zero < to_start
    steps = np.flatnonzero(nearer.any(axis=0))
    began = change.take(steps, axis=1)
    change *= factor
    if not len(steps):
        return
    sampled, mean, to_start, to_end = (one.take(steps, axis=1) for one in (sampled, mean, to_start, to_end))
    nearer = nearer.take(steps, axis=1) & (began > 0) & (first.take(steps, axis=1) >= 0)
    to_start = np.where(nearer, to_zero.take(steps, axis=1), to_start)
    began *= _to_edges(sampled, mean, to_start, to_end) / divisor
    change[:, steps] = began


def _stretch_later(windows: Windows, change: FloatArray, first: FloatArray) -> FloatArray:
    """The same where far edges are replaced first, and the reach to the start is then cut at zero: `float64[S, K]`."""
    sampled, mean, to_start, to_end = _distances(windows)
    to_start = np.where(to_start < mean * 1.1, to_start, mean / 2)
    to_end = np.where(to_end < mean * 1.1, to_end, mean / 2)
    to_zero = sampled * (first / change)
    cut = (change > 0) & (first >= 0) & (to_zero < to_start)
    factor: FloatArray = (sampled + np.where(cut, to_zero, to_start) + to_end) / sampled
    return factor


def _distances(windows: Windows) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    """From the first sample to the last, between two on average, and from them to the window's edges (s)."""
    first, last = windows.times_at(windows.first), windows.times_at(windows.last)
    sampled = (last - first) / 1000
    mean = sampled / (windows.count - 1)
    return sampled, mean, (first - (windows.ends - windows.length)) / 1000, (windows.ends - last) / 1000


def _to_edges(sampled: FloatArray, mean: FloatArray, to_start: FloatArray, to_end: FloatArray) -> FloatArray:
    """The samples cover less than the window. An edge that is farther off than 1.1 of their mean distance is reached
    for half that distance only.
    """
    threshold = mean * 1.1
    reach = sampled + np.where(to_start < threshold, to_start, mean / 2)
    reach += np.where(to_end < threshold, to_end, mean / 2)
    reach /= sampled
    return reach


def _last_two(windows: Windows) -> tuple[FloatArray, FloatArray, IntArray]:
    """The last sample but one, the last, and the time between them (ms)."""
    previous = np.maximum(windows.hi - 2, 0)
    return (
        windows.take(windows.values, previous),
        windows.take(windows.values, windows.last),
        windows.times_at(windows.last) - windows.times_at(previous),
    )
