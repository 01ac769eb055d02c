"""Tasks with a parent."""

from engine.foundation.errors import StoreError
from engine.foundation.supervise import Supervisor
from engine.testing.manual_clock import ManualClock


async def test_a_loop_that_breaks_is_counted_and_started_again(manual_clock: ManualClock) -> None:
    supervisor = Supervisor(manual_clock)
    runs = []

    async def loop() -> None:
        runs.append(manual_clock.now_ms())
        if len(runs) == 1:
            raise RuntimeError("broken")

    supervisor.start("scrape", loop)
    await manual_clock.advance(5_000)
    assert supervisor.crashes == {"scrape": 1}
    assert [t - runs[0] for t in runs] == [0, 1_000]


async def test_an_error_of_the_store_is_fatal(manual_clock: ManualClock) -> None:
    supervisor = Supervisor(manual_clock)

    async def loop() -> None:
        raise StoreError("disk and index disagree")

    supervisor.start("store", loop)
    await manual_clock.settle()
    assert str(supervisor.fatal.result()) == "disk and index disagree"


async def test_stopping_ends_every_loop(manual_clock: ManualClock) -> None:
    supervisor = Supervisor(manual_clock)
    task = supervisor.start("wait", lambda: manual_clock.sleep(60))
    await manual_clock.settle()
    await supervisor.stop_all()
    assert task.cancelled()
