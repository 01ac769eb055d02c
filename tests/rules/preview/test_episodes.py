"""Episodes of whole grids beside the state machine, taken instant by instant."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from engine.rules.preview.episodes import Episode, episodes
from engine.rules.preview.limits import limited
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


def limited_twin(
    times: list[int], present: list[list[bool]], timing: Timing, limit: int
) -> tuple[list[Episode], list[int]]:
    """The same with a limit, all rows at each instant."""
    entries: dict[int, Entry] = {}
    lives: dict[int, Episode] = {}
    found, dropped = [], []
    for at, time in enumerate(times):
        after = {row: step(entries.get(row), time, timing, present=line[at]) for row, line in enumerate(present)}
        active = {row: one for row, one in after.items() if one is not None and one.phase is not Phase.RESOLVED}
        if 0 < limit < len(active):
            dropped.append(len(active))
            active = after = {}
        found += [Episode(row, one.start, one.fired, at) for row, one in lives.items() if row not in active]
        lives = {row: lives.get(row, Episode(row, at, None, None)) for row in active}
        for row, entry in active.items():
            if lives[row].fired is None and entry.phase is Phase.FIRING:
                lives[row] = Episode(row, lives[row].start, at, None)
        entries = {row: entry for row, entry in after.items() if entry is not None}
    return [*found, *lives.values()], dropped


@given(present=grids, hold=spans, keep=spans, limit=st.integers(0, 4))
def test_a_limit_drops_what_a_group_would_drop(present: list[list[bool]], hold: int, keep: int, limit: int) -> None:
    count = len(present[0]) if present else 1
    times = np.arange(count) * MINUTE
    grid = np.array(present, np.bool_).reshape(len(present), count)
    found, dropped = limited(times, grid, Timing(hold, keep), limit)
    wanted, wanted_dropped = limited_twin(times.tolist(), present, Timing(hold, keep), limit)
    assert (sorted(map(str, found)), dropped) == (sorted(map(str, wanted)), wanted_dropped)


def test_a_limit_may_be_reached_at_each_of_many_instants() -> None:
    grid = np.ones((50, 20_000), np.bool_)
    for keep in (0, MINUTE):
        found, dropped = limited(np.arange(20_000) * MINUTE, grid, Timing(MINUTE, keep), 5)
        assert (found, dropped) == ([], [50] * 20_000)
