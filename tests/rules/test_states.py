"""Laws of an alert's life, over every history that Hypothesis thinks of, and a slow twin."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.rules import states
from engine.rules.states import RESOLVED_RETENTION, TRANSITIONS, Entry, Phase, Sight, Timing, step

MINUTE = 60_000

histories = st.lists(st.booleans(), min_size=1, max_size=60)
timings = st.builds(
    Timing,
    hold=st.sampled_from([0, 1, MINUTE, 3 * MINUTE, 150_000]),
    keep_firing=st.sampled_from([0, 1, MINUTE, 150_000, 5 * MINUTE]),
)


def live(history: list[bool], timing: Timing) -> list[Entry | None]:
    """The entry after each evaluation, one a minute."""
    entry, entries = None, []
    for turn, present in enumerate(history):
        entry = step(entry, turn * MINUTE, timing, present=present)
        entries.append(entry)
    return entries


def phases(history: list[bool], timing: Timing) -> list[Phase]:
    return [entry.phase if entry else Phase.NONE for entry in live(history, timing)]


def twin(history: list[bool], timing: Timing) -> list[Phase]:
    """The same, told as a story with variables that are set and cleared."""
    out = []
    phase, active_at, kept_since, resolved_at = Phase.NONE, 0, None, 0
    for turn, present in enumerate(history):
        now = turn * MINUTE
        if present:
            kept_since = None
            if phase in (Phase.NONE, Phase.RESOLVED):
                phase, active_at = Phase.PENDING, now
            if phase is Phase.PENDING and now - active_at >= timing.hold:
                phase = Phase.FIRING
        elif phase is Phase.PENDING:
            phase = Phase.NONE
        elif phase is Phase.FIRING:
            kept_since = now if kept_since is None else kept_since
            if not timing.keep_firing or now - kept_since >= timing.keep_firing:
                phase, resolved_at, kept_since = Phase.RESOLVED, now, None
        elif phase is Phase.RESOLVED and now - resolved_at > RESOLVED_RETENTION:
            phase = Phase.NONE
        out.append(phase)
    return out


@given(history=histories, timing=timings)
def test_table_and_twin_agree(history: list[bool], timing: Timing) -> None:
    assert phases(history, timing) == twin(history, timing)


@given(history=histories, timing=timings)
def test_only_what_fired_is_resolved(history: list[bool], timing: Timing) -> None:
    for before, after in pairwise([Phase.NONE, *phases(history, timing)]):
        assert not (after is Phase.RESOLVED and before in (Phase.NONE, Phase.PENDING))


@given(history=histories, timing=timings)
def test_nothing_fires_before_it_has_held_for_the_rules_for(history: list[bool], timing: Timing) -> None:
    for entry in live(history, timing):
        if entry is not None and entry.phase is Phase.FIRING:
            assert entry.fired_at is not None
            assert entry.fired_at - entry.active_at >= timing.hold
            assert all(history[entry.active_at // MINUTE : entry.fired_at // MINUTE + 1])


@given(history=histories, timing=timings)
def test_an_end_is_told_only_after_keep_firing_for(history: list[bool], timing: Timing) -> None:
    for turn, entry in enumerate(live(history, timing)):
        if entry is not None and entry.resolved_at == turn * MINUTE:
            absent = next(n for n, present in enumerate([*reversed(history[: turn + 1]), True]) if present)
            assert (absent - 1) * MINUTE >= timing.keep_firing


@given(history=histories)
def test_without_for_nothing_is_ever_pending(history: list[bool]) -> None:
    assert Phase.PENDING not in phases(history, Timing())


def test_every_phase_that_shows_has_a_next_for_every_sight_that_it_can_see() -> None:
    seen = {(phase, sight) for phase, row in TRANSITIONS.items() for sight in row}
    assert len(seen) == 13
    assert all((phase, Sight.HOLDS) in seen and (phase, Sight.HOLDS_FOR_LONG) in seen for phase in Phase)


def test_an_end_is_remembered_for_fifteen_minutes_and_no_longer() -> None:
    ended = Entry(Phase.RESOLVED, active_at=0, fired_at=0, resolved_at=0)
    assert step(ended, RESOLVED_RETENTION, Timing(), present=False) == ended
    assert step(ended, RESOLVED_RETENTION + 1, Timing(), present=False) is None


def test_one_that_comes_back_begins_anew() -> None:
    ended = Entry(Phase.RESOLVED, active_at=0, fired_at=0, resolved_at=MINUTE, last_sent_at=MINUTE)
    again = step(ended, 2 * MINUTE, Timing(hold=MINUTE), present=True)
    assert again == Entry(Phase.PENDING, active_at=2 * MINUTE)


def test_pending_is_never_told() -> None:
    assert not states.needs_sending(Entry(Phase.PENDING, active_at=0), MINUTE, MINUTE)


def test_firing_is_told_at_once_and_then_once_a_delay() -> None:
    firing = Entry(Phase.FIRING, active_at=0, fired_at=0)
    assert states.needs_sending(firing, 0, MINUTE)
    told = states.sent(firing, 0)
    assert not states.needs_sending(told, MINUTE, MINUTE)
    assert states.needs_sending(told, MINUTE + 1, MINUTE)


def test_an_end_is_told_at_once() -> None:
    ended = Entry(Phase.RESOLVED, active_at=0, fired_at=0, resolved_at=MINUTE, last_sent_at=MINUTE - 1)
    assert states.needs_sending(ended, MINUTE, 10 * MINUTE)
    assert not states.needs_sending(states.sent(ended, MINUTE), MINUTE, 10 * MINUTE)


def test_without_news_an_alert_ends_after_four_turns() -> None:
    firing = Entry(Phase.FIRING, active_at=0, fired_at=0)
    assert states.ends_at(firing, 1000, 15_000, MINUTE) == 1000 + 4 * MINUTE
    assert states.ends_at(firing, 1000, 2 * MINUTE, MINUTE) == 1000 + 8 * MINUTE
    ended = Entry(Phase.RESOLVED, active_at=0, fired_at=0, resolved_at=7)
    assert states.ends_at(ended, 1000, 15_000, MINUTE) == 7


HOUR, GRACE = 60 * MINUTE, 10 * MINUTE


@pytest.mark.parametrize(
    ("down_at", "active_at", "expected"),
    [
        (HOUR, 0, 0),  # it was firing: it fires again at the next evaluation
        (HOUR, 5 * MINUTE, 2 * HOUR + GRACE - HOUR),  # five minutes were left: it gets the grace of ten
        (HOUR, 40 * MINUTE, 40 * MINUTE + HOUR),  # forty minutes were left, and are again
    ],
)
def test_an_outage_counts_for_nothing(down_at: int, active_at: int, expected: int) -> None:
    entry = Entry(Phase.PENDING, active_at=2 * HOUR)
    restored = states.restored(entry, 2 * HOUR, Timing(hold=HOUR), (down_at, active_at), GRACE)
    assert restored.active_at == expected
