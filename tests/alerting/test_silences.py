from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
import pytest

from engine.alerting.kept.linelog import LineLog
from engine.alerting.kept.silences import (
    RETENTION,
    Silence,
    SilenceError,
    SilenceMatcher,
    SilenceNotFoundError,
    Silences,
    State,
    may_change_in_place,
    validate,
)
from engine.alerting.matching.classic import parse_matcher
from engine.foundation.clock import SECOND
from engine.foundation.workers import InlineWorkers
from engine.testing.manual_clock import ManualClock
from promql.model.labels import Labels
from tests.alerting.world import START, START_MS

A = SilenceMatcher("a", "b", "=")
UNCLOSED = "error parsing regexp: missing closing ]: `[`"


def silence(starts: float = 0, ends: float = 100, *matchers: SilenceMatcher, id_: str = "") -> Silence:
    """Times in seconds after the start."""
    at = [START + round(seconds * SECOND) for seconds in (starts, ends)]
    return Silence(id_, matchers or (A,), *at, 0, "me", "why")


def in_memory() -> Silences:
    return Silences(ManualClock(START_MS), None)


@contextmanager
def refused(message: str) -> Iterator[None]:
    with pytest.raises(SilenceError) as caught:
        yield
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("at", "state"),
    [(-1, State.PENDING), (0, State.ACTIVE), (99, State.ACTIVE), (100, State.EXPIRED), (101, State.EXPIRED)],
)
def test_the_state_is_read_from_the_times(at: int, state: State) -> None:
    assert silence(0, 100).state(START + at * SECOND) is state


@pytest.mark.parametrize(
    ("matchers", "message"),
    [
        ((), "silence invalid: at least one matcher required"),
        ((SilenceMatcher("a", "", "="),), "silence invalid: at least one matcher must not match the empty string"),
        ((SilenceMatcher("a", ".*", "=~"),), "silence invalid: at least one matcher must not match the empty string"),
        ((A, SilenceMatcher("a-b", "x", "=")), 'silence invalid: invalid label matcher 1: invalid label name "a-b"'),
        (
            (SilenceMatcher("a", "[", "=~"),),
            f'silence invalid: invalid label matcher 0: invalid regular expression "[": {UNCLOSED}',
        ),
    ],
)
def test_a_silence_that_says_nothing_or_nonsense_is_refused(matchers: tuple[SilenceMatcher, ...], message: str) -> None:
    made = msgspec.structs.replace(silence(), matchers=matchers)
    with refused(message):
        validate(made)


def test_a_negative_matcher_alone_is_enough() -> None:
    validate(silence(0, 1, SilenceMatcher("a", "b", "!=")))


async def test_times_must_make_sense() -> None:
    with refused("Failed to create silence: start time must be before end time"):
        await in_memory().set(silence(10, 10))
    with refused("Failed to create silence: end time can't be in the past"):
        await in_memory().set(silence(-10, -5))


async def test_a_start_in_the_past_becomes_now() -> None:
    silences = in_memory()
    made = silences.get(await silences.set(silence(-50, 50)))
    assert made is not None
    assert (made.starts_at, made.updated_at) == (START, START)


B = SilenceMatcher("a", "c", "=")
CHANGES = [  # old, new, at which second, whether the id stays
    ((0, 100, A), (0, 200, A), 10, True),
    ((0, 100, A), (0.4, 200, A), 10, True),
    ((0, 100, A), (1, 200, A), 10, False),
    ((0, 100, A), (0, 10, A), 10, True),
    ((0, 100, A), (0, 9, A), 10, False),
    ((0, 100, A), (0, 100, B), 10, False),
    ((50, 100, A), (10, 100, A), 10, True),
    ((50, 100, A), (9, 100, A), 10, False),
    ((0, 5, A), (0, 100, A), 10, False),
]


@pytest.mark.parametrize(("old", "new", "at", "stays"), CHANGES)
def test_only_what_cannot_rewrite_the_past_changes_in_place(
    old: tuple[float, float, SilenceMatcher], new: tuple[float, float, SilenceMatcher], at: int, stays: bool
) -> None:
    assert may_change_in_place(silence(*old), silence(*new), START + at * SECOND) is stays


async def test_another_change_expires_the_old_silence_and_makes_a_new_one() -> None:
    silences = in_memory()
    first = await silences.set(silence(0, 100, A))
    second = await silences.set(silence(0, 100, B, id_=first))
    assert second != first
    assert [(s.id, s.state(START)) for s in silences.all()] == [(second, State.ACTIVE), (first, State.EXPIRED)]


async def test_a_change_in_place_keeps_the_id() -> None:
    silences = in_memory()
    first = await silences.set(silence(0, 100))
    assert await silences.set(silence(0, 200, id_=first)) == first
    assert len(silences.all()) == 1


async def test_a_replacement_that_is_refused_leaves_the_old_silence_alone() -> None:
    silences = in_memory()
    first = await silences.set(silence(0, 100))
    with pytest.raises(SilenceError):
        await silences.set(silence(0, 100, SilenceMatcher("a", "", "="), id_=first))
    assert silences.count(State.ACTIVE) == 1


async def test_an_unknown_id_is_not_found() -> None:
    for call in (in_memory().set(silence(id_="no")), in_memory().expire("no")):
        with pytest.raises(SilenceNotFoundError):
            await call


async def test_expiring_ends_an_active_silence_now_and_a_pending_one_before_it_began() -> None:
    silences = in_memory()
    active, pending = await silences.set(silence(0, 100)), await silences.set(silence(50, 100))
    for silence_id in (active, pending, active):
        await silences.expire(silence_id)
    assert [(s.starts_at, s.ends_at) for s in silences.all()] == [(START, START), (START, START)]


async def test_lists_begin_with_what_ends_soonest() -> None:
    silences = in_memory()
    for name, starts, ends in (("late", 0, 90), ("soon", 0, 50), ("next", 60, 99), ("first", 55, 99)):
        await silences.set(silence(starts, ends, SilenceMatcher("n", name, "=")))
    old = await silences.set(silence(0, 40, SilenceMatcher("n", "old", "=")))
    await silences.expire(old)
    assert [s.matchers[0].value for s in silences.all()] == ["soon", "late", "first", "next", "old"]


async def test_lists_are_filtered_by_the_matchers_word_for_word() -> None:
    silences = in_memory()
    await silences.set(silence(0, 100, A, SilenceMatcher("x", "y", "=~")))
    for text, found in (("a=b", 1), ("x=~y", 1), ("a=~b", 0), ("x=y", 0), ("a=c", 0)):
        assert len(silences.all([parse_matcher(text)])) == found


async def test_an_alert_is_silenced_while_all_matchers_match() -> None:
    silences = in_memory()
    first = await silences.set(silence(0, 100, A))
    await silences.set(silence(0, 100, A, SilenceMatcher("c", "d", "=")))
    await silences.set(silence(50, 100, A))
    assert silences.silenced_by(Labels.of(a="b"), START) == (first,)
    assert silences.silenced_by(Labels.of(a="x"), START) == ()
    assert len(silences.silenced_by(Labels.of(a="b", c="d"), START)) == 2
    assert silences.silenced_by(Labels.of(a="b"), START + 100 * SECOND) == ()


async def test_ended_silences_are_forgotten_after_the_retention() -> None:
    clock = ManualClock(START_MS)
    silences = Silences(clock, None)
    await silences.set(silence(0, 100))
    await clock.advance(100_000 + RETENTION / 1e6)
    silences.forget()
    await silences.compact()
    assert len(silences.all()) == 1
    await clock.advance(1)
    silences.forget()
    await silences.compact()
    assert silences.all() == []


def on_disk(folder: Path, clock: ManualClock) -> Silences:
    return Silences(clock, LineLog(folder / "silences.jsonl", "silences", Silence, InlineWorkers()))


async def test_what_was_acknowledged_is_there_after_a_kill(tmp_path: Path, manual_clock: ManualClock) -> None:
    silences = on_disk(tmp_path, manual_clock)
    kept, ended = await silences.set(silence(0, 100)), await silences.set(silence(0, 100, B))
    await silences.expire(ended)
    again = on_disk(tmp_path, manual_clock)
    assert again.all() == silences.all()
    assert again.silenced_by(Labels.of(a="b"), START) == (kept,)


async def test_silences_made_at_once_are_all_kept(tmp_path: Path, manual_clock: ManualClock) -> None:
    silences = on_disk(tmp_path, manual_clock)
    ids = await asyncio.gather(*(silences.set(silence(0, 100)) for _ in range(20)))
    assert {s.id for s in on_disk(tmp_path, manual_clock).all()} == set(ids)
