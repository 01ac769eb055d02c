"""The clock that tests move by hand."""

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
