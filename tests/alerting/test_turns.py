"""Turns come when they are due, those of one instant in the order in which they were added."""

from __future__ import annotations

import asyncio

from hypothesis import given
from hypothesis import strategies as st

from engine.alerting.dispatch.turns import Turns
from engine.foundation.clock import MILLISECOND
from engine.testing.manual_clock import ManualClock


async def taken(turns: Turns[int], clock: ManualClock, seen: list[tuple[int, int]]) -> None:
    while True:
        due, whose = await turns.next()
        assert due <= clock.now_ns()
        seen.append((clock.now_ms(), whose))


@given(
    early=st.lists(st.integers(0, 1000), max_size=10),
    late=st.lists(st.tuples(st.integers(0, 500), st.integers(0, 500)), max_size=10),
)
def test_everybody_has_a_turn_when_it_is_due_whenever_it_was_added(
    early: list[int], late: list[tuple[int, int]]
) -> None:
    async def run() -> list[tuple[int, int]]:
        clock = ManualClock()
        turns, seen = Turns[int](clock), list[tuple[int, int]]()
        async with asyncio.TaskGroup() as group:
            taker = group.create_task(taken(turns, clock, seen))
            for number, due in enumerate(early):
                turns.add(due * MILLISECOND, number)
            for number, (at, after) in sorted(enumerate(late, len(early)), key=lambda one: one[1][0]):
                await clock.advance(at - clock.now_ms())
                turns.add((at + after) * MILLISECOND, number)
            await clock.advance(2000)
            taker.cancel()
        return seen

    added = [*((due, 0, number) for number, due in enumerate(early))]
    added += [(at + after, 1 + at, number) for number, (at, after) in enumerate(late, len(early))]
    assert asyncio.run(run()) == [(due, number) for due, _, number in sorted(added)]
