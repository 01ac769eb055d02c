"""Episodes of whole grids beside the state machine, taken instant by instant."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from engine.rules.preview.episodes import Episode, episodes
from engine.rules.states import Entry, Phase, Timing, step

MINUTE = 60_000


def twin(times: list[int], present: list[list[bool]], timing: Timing) -> list[Episode]:
    """The same, one step after the other."""
    found = []
    for row, line in enumerate(present):
        entry: Entry | None = None
        life: Episode | None = None
        for at, (time, there) in enumerate(zip(times, line, strict=True)):
            entry = step(entry, time, timing, present=there)
            active = entry is not None and entry.phase is not Phase.RESOLVED
            if life is not None and not active:
                found.append(Episode(row, life.start, life.fired, at))
                life = None
            elif active and life is None:
                life = Episode(row, at, None, None)
            if life is not None and life.fired is None and entry is not None and entry.phase is Phase.FIRING:
                life = Episode(row, life.start, at, None)
        if life is not None:
            found.append(life)
    return found


grids = st.integers(0, 4).flatmap(
    lambda rows: st.integers(1, 30).flatmap(
        lambda count: st.lists(st.lists(st.booleans(), min_size=count, max_size=count), min_size=rows, max_size=rows)
    )
)
spans = st.sampled_from([0, 1, MINUTE - 1, MINUTE, MINUTE + 1, 3 * MINUTE, 10 * MINUTE])


@given(
    present=grids,
    hold=spans,
    keep=spans,
    gaps=st.lists(st.sampled_from([MINUTE, MINUTE, 2 * MINUTE]), min_size=30, max_size=30),
)
def test_a_whole_grid_goes_the_way_of_its_instants(
    present: list[list[bool]], hold: int, keep: int, gaps: list[int]
) -> None:
    count = len(present[0]) if present else 1
    times = np.cumsum(np.array(gaps[:count], np.int64))
    grid = np.array(present, np.bool_).reshape(len(present), count)
    timing = Timing(hold, keep)
    assert episodes(times, grid, timing) == twin(times.tolist(), present, timing)


def test_an_alert_fires_once_it_has_held_and_ends_with_its_presence() -> None:
    present = np.array([[False, True, True, True, False, True]])
    times = np.arange(6) * MINUTE
    assert episodes(times, present, Timing(2 * MINUTE)) == [Episode(0, 1, 3, 4), Episode(0, 5, None, None)]


def test_a_gap_that_is_kept_joins_two_runs() -> None:
    present = np.array([[True, False, False, True, False, False, False, False]])
    times = np.arange(8) * MINUTE
    assert episodes(times, present, Timing(0, 3 * MINUTE)) == [Episode(0, 0, 0, 7)]
    assert episodes(times, present, Timing(0, MINUTE)) == [Episode(0, 0, 0, 2), Episode(0, 3, 3, 5)]
