"""The clock that tests move by hand."""

import asyncio

from engine.foundation.supervise import Supervisor
from engine.testing.manual_clock import ManualClock


async def test_advancing_visits_each_due_timer_in_its_order(manual_clock: ManualClock) -> None:
    start, seen = manual_clock.now_ms(), []
    supervisor = Supervisor(manual_clock)

    async def beat(name: str, seconds: float) -> None:
        for _ in range(2):
            await manual_clock.sleep(seconds)
            seen.append((name, manual_clock.now_ms() - start))

    supervisor.start("slow", lambda: beat("slow", 3))
    supervisor.start("fast", lambda: beat("fast", 2))
    await manual_clock.advance(10_000)
    assert seen == [("fast", 2000), ("slow", 3000), ("fast", 4000), ("slow", 6000)]
    assert manual_clock.now_ms() - start == 10_000


async def test_a_past_instant_is_no_wait(manual_clock: ManualClock) -> None:
    await manual_clock.sleep_until(0)
    await manual_clock.sleep(-1)


async def test_time_stands_still_while_somebody_works_who_is_not_moved_by_it() -> None:
    clock, order = ManualClock(), list[str]()

    async def work() -> None:
        await clock.sleep(1)
        with clock.working():
            await asyncio.sleep(0.02)
            order.append(f"worked at {clock.monotonic():g}")

    async def wait() -> None:
        await clock.sleep(2)
        order.append("waited")

    async with asyncio.TaskGroup() as group:
        group.create_task(work())
        group.create_task(wait())
        await clock.advance(5000)
    assert order == ["worked at 1", "waited"]
