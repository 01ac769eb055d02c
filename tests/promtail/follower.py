"""A Promtail with a store of its own, as a process that a test can kill: FOLDER CONFIG [drain].

With `drain` it ends once nothing new has come for a while.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from engine.foundation.addresses import AddressBook, LocalResponse
from engine.foundation.clock import SystemClock
from engine.foundation.delivery import Delivery
from engine.foundation.supervise import Supervisor
from engine.foundation.workers import ThreadWorkers
from engine.logs.config.limits import Limits
from engine.logs.intake import Intake
from engine.logs.store.store import LogStore
from engine.promtail.config import PromtailConfig, parse_promtail
from engine.promtail.manager import Promtail, PromtailParts

QUIET_LOOKS = 8


async def nothing(*_: object) -> LocalResponse:
    return LocalResponse(200, {}, b"")


async def follow(folder: Path, seen_file: Path, config: PromtailConfig, *, drain: bool) -> None:
    clock = SystemClock()
    store = LogStore(folder)
    addresses, supervisor = AddressBook(clock), Supervisor(clock)
    addresses.serves("loki", "/metrics", nothing)
    parts = PromtailParts(
        clock=clock, workers=ThreadWorkers(), supervisor=supervisor, addresses=addresses, delivery=Delivery(),
        sink=Intake(store, clock, lambda _: Limits(), lambda: 3_600_000_000_000), data_dir=None, base=Path(),
    )  # fmt: skip
    promtail = Promtail(parts)
    await promtail.apply(config)
    await promtail.settle()
    await clock.sleep(0.1)
    sys.stdout.write("follows\n")
    sys.stdout.flush()
    seen, quiet = -1, 0
    while not drain or quiet < QUIET_LOOKS:
        await clock.sleep(0.05)
        told = seen_file.with_suffix(".new")
        told.write_text("\n".join(promtail.positions().values()))
        told.rename(seen_file)
        lines = sum(promtail.counts.read_lines.values())
        quiet, seen = (quiet + 1, seen) if lines == seen else (0, lines)
        store.maintain(clock.now_ns())
    await promtail.stop()
    await supervisor.stop_all()
    store.close()


if __name__ == "__main__":
    asyncio.run(
        follow(
            Path(sys.argv[1]),
            Path(sys.argv[1] + ".seen"),
            parse_promtail(Path(sys.argv[2]).read_bytes()).value,
            drain=sys.argv[3:] == ["drain"],
        )
    )
