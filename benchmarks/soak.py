"""Days of simulated time: scrapes, rules, churn and queries of a whole engine, and what it holds after each day.

`python -m benchmarks soak`: DAYS (4) on the manual clock, in process, with an hour of retention and a folder for its
data. After each day it prints objects that the collector knows, blocks of memory, open files, and the store's own
counts; from the second day on they should stay as they are. Each day 1,152 series are born and die.
"""

from __future__ import annotations

import asyncio
import gc
import os
import sys
import tempfile
from pathlib import Path
from typing import Final

import psutil

from engine.app.application import Application
from engine.app.around import Around
from engine.app.options import RunOptions
from engine.app.reading import read
from engine.foundation.supervise import Supervisor
from engine.foundation.workers import InlineWorkers
from engine.testing.manual_clock import ManualClock

DAYS: Final = int(os.environ.get("DAYS", "4"))
HOUR: Final = 3_600_000
START: Final = 1_700_000_000_000
CONFIG: Final = """
global: {scrape_interval: 5m, scrape_timeout: 10s, evaluation_interval: 5m}
rule_files: [rules.yml]
scrape_configs: [{job_name: prometheus, static_configs: [{targets: ['localhost:9090']}]}]
"""
RULES: Final = """
groups:
- name: churn
  rules:
  - record: churning
    expr: count_values("beat", vector(time()) or label_replace(vector(time() + 1), "side", "b", "", ""))
  - alert: Beat
    expr: count_values("beat", vector(time())) > 0
"""
QUERIES: Final = (
    "churning",
    "count(churning)",
    "sum by (beat) (rate(prometheus_tsdb_head_samples_appended_total[15m]))",
)


async def soak(folder: Path) -> None:
    (folder / "rules.yml").write_text(RULES)
    (folder / "prometheus.yml").write_text(CONFIG)
    clock = ManualClock(START)
    options = RunOptions(
        config=folder / "prometheus.yml",
        data_dir=folder / "data",
        listen={"prometheus": "127.0.0.1:0", "alertmanager": "off", "node": "off"},
        retention_ms=HOUR,
    )
    app = Application(options, read(options), Around(clock, InlineWorkers(), Supervisor(clock)))
    await app.start()
    try:
        for day in range(1, DAYS + 1):
            await _day(app, clock)
            print(f"  day {day}: {_held()}, {_stored(app)}", flush=True)
    finally:
        await app.stop()


async def _day(app: Application, clock: ManualClock) -> None:
    for _ in range(24):
        await clock.advance(HOUR)
        end = clock.now_ms()
        for query in QUERIES:
            await app.parts.queries.range(query, end - 2 * HOUR, end, 300_000)


def _held() -> str:
    gc.collect()
    process = psutil.Process()
    return (
        f"{len(gc.get_objects())} objects, {sys.getallocatedblocks()} blocks, {process.num_fds()} open files, "
        f"{process.memory_info().rss / 1e6:.0f} MB"
    )


def _stored(app: Application) -> str:
    size = app.parts.store.size
    return f"{size.series} series, {size.parts} parts, {size.bytes_stored / 1e3:.0f} kB on disk"


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(soak(Path(folder)))


if __name__ == "__main__":
    main()
