"""Places for queries."""

from __future__ import annotations

import asyncio

import pytest

from engine.query.slots import Slots
from engine.testing.manual_clock import ManualClock
from promql.errors import QueryTimeoutError


class Line:
    """Tasks that take a place, say so, and keep it until they are let go."""

    def __init__(self, slots: Slots, group: asyncio.TaskGroup) -> None:
        self._slots = slots
        self._group = group
        self._ends: dict[str, asyncio.Event] = {}
        self.said: list[str] = []

    def come(self, name: str, seconds: float = 10) -> asyncio.Task[None]:
        self._ends[name] = asyncio.Event()
        return self._group.create_task(self._run(name, seconds))

    def leave(self, name: str) -> None:
        self._ends[name].set()

    async def _run(self, name: str, seconds: float) -> None:
        try:
            async with self._slots.one(seconds):
                self.said.append(f"{name} runs")
                await self._ends[name].wait()
        except QueryTimeoutError as error:
            self.said.append(f"{name}: {error}")


async def test_so_many_run_at_once_and_the_others_follow_in_their_order(manual_clock: ManualClock) -> None:
    async with asyncio.TaskGroup() as group:
        line = Line(Slots(2, manual_clock), group)
        for name in "abcd":
            line.come(name)
        await manual_clock.settle()
        assert line.said == ["a runs", "b runs"]
        for name in "badc":
            line.leave(name)
            await manual_clock.settle()
    assert line.said == ["a runs", "b runs", "c runs", "d runs"]


async def test_who_waits_too_long_is_told_and_takes_no_place(manual_clock: ManualClock) -> None:
    async with asyncio.TaskGroup() as group:
        line = Line(Slots(1, manual_clock), group)
        for name, seconds in (("a", 9), ("late", 3), ("b", 9)):
            line.come(name, seconds)
        await manual_clock.advance(3_000)
        assert line.said == ["a runs", "late: query timed out in query queue"]
        for name in "ab":
            line.leave(name)
            await manual_clock.settle()
    assert line.said[2:] == ["b runs"]


@pytest.mark.parametrize("seconds", [0, -1, float("nan")])
async def test_who_has_no_time_at_all_does_not_even_wait(seconds: float, manual_clock: ManualClock) -> None:
    with pytest.raises(QueryTimeoutError, match="query timed out in query queue"):
        async with Slots(1, manual_clock).one(seconds):
            raise AssertionError


async def test_who_leaves_the_line_takes_no_place(manual_clock: ManualClock) -> None:
    async with asyncio.TaskGroup() as group:
        line = Line(Slots(1, manual_clock), group)
        line.come("a")
        gone = line.come("gone")
        line.come("b")
        await manual_clock.settle()
        gone.cancel()
        line.leave("a")
        line.leave("b")
    assert line.said == ["a runs", "b runs"]


async def test_a_place_that_is_given_to_who_leaves_at_that_moment_goes_to_the_next(manual_clock: ManualClock) -> None:
    async with asyncio.TaskGroup() as group:
        line = Line(Slots(1, manual_clock), group)
        first = line.come("a")
        gone = line.come("gone")
        line.come("b")
        await manual_clock.settle()
        line.leave("a")
        first.add_done_callback(lambda _: gone.cancel())
        line.leave("b")
    assert line.said == ["a runs", "b runs"]
