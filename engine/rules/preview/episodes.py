"""The alert state machine over a whole grid: runs of presence in, episodes out.

Law: the same as `engine.rules.states.step` taken instant by instant (a test holds it to that), without a loop over
series or instants. A run of presence that lasts `hold` fires; with `keep_firing`, one that fired lasts on over a gap,
and a run that begins before the gap was too long fires from its first instant.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from msgspec import Struct

from engine.rules.states import Timing
from promql.model.types import BoolArray, IntArray


class Episode(Struct, frozen=True):
    """One life of an alert, as indices of instants: `row` of the grid, active from `start`, firing from `fired` (None
    where it never did), and no longer active at `end` (None where it was at the last instant).
    """

    row: int
    start: int
    fired: int | None
    end: int | None


def episodes(times: IntArray, present: BoolArray, timing: Timing) -> list[Episode]:
    """`times: int64[T]` ascending ms, `present: bool[S, T]`; by row, then by start."""
    runs = _runs(present)
    rows, starts, ends = runs
    if not len(rows):
        return []
    count = len(times)
    fired = times.searchsorted(times[starts] + timing.hold)
    alone = fired < ends
    kept = ends
    if timing.keep_firing > 0:
        after = np.append(times, times[-1])[ends] + timing.keep_firing
        kept = np.where(ends < count, times.searchsorted(after), count)
    return list(_joined(runs, fired, alone, kept, count))


def _runs(present: BoolArray) -> tuple[IntArray, IntArray, IntArray]:
    """Row, first index, and index behind the last of each run of presence."""
    padded = np.zeros((present.shape[0], present.shape[1] + 2), np.int8)
    padded[:, 1:-1] = present
    steps = np.diff(padded, axis=1)
    rows, starts = np.nonzero(steps == 1)
    return rows, starts, np.nonzero(steps == -1)[1]


def _joined(
    runs: tuple[IntArray, IntArray, IntArray], fired: IntArray, alone: BoolArray, kept: IntArray, count: int
) -> Iterator[Episode]:
    """Runs made episodes: what begins while the one before is still kept firing belongs to it."""
    rows, starts, ends = runs
    near = np.zeros(len(rows), np.bool_)
    near[1:] = (rows[1:] == rows[:-1]) & (starts[1:] <= kept[:-1]) & (kept[:-1] > ends[:-1])
    chain = np.cumsum(~near) - 1
    # Within a chain everything from the first run that fires by itself is one episode.
    firsts = np.full(chain[-1] + 1, len(rows))
    np.minimum.at(firsts, chain[alone], np.flatnonzero(alone))
    first = firsts[chain]
    lasts = np.zeros(chain[-1] + 1, np.int64)
    lasts[chain] = np.arange(len(rows))  # the last assignment counts
    at = np.arange(len(rows))
    for one in np.flatnonzero(at <= first).tolist():
        fires = bool(at[one] == first[one])
        end = int(kept[lasts[chain[one]]]) if fires else int(ends[one])
        yield Episode(
            int(rows[one]), int(starts[one]), int(fired[one]) if fires else None, end if end < count else None
        )
