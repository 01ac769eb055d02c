"""How late scrapes are, quietly and while wide queries run; and by how much each heavy kernel holds up the event loop.

`python -m benchmarks lateness`: 1,000 targets of 100 series at 5 s, first for QUIET seconds (60), then for BUSY seconds
(60) in which two clients ask wide range queries without a pause. What is told is how late the targets were asked,
against their own beat, and how many beats were left out; SIDES=engine,original, one after the other.

Then each kind of wide query runs alone in this process, over 10,000 series of two hours at 15 s, beside a task that
wants to run each 2 ms: how much later than that it ran, and how long the query took. SIDES= leaves the first part out,
SERIES=2000 makes the second short.
"""

from __future__ import annotations

import asyncio
import os
import statistics
import tempfile
import threading
import time
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Final

import numpy as np

from benchmarks.harness import free_port, running
from benchmarks.ingest import Side, commands, load, stats
from benchmarks.load import Spec
from benchmarks.rate_kernel import EVERY, START, TARGETS
from benchmarks.rate_store import SERIES, TURN, Target, steady
from engine.foundation.clock import SystemClock
from engine.foundation.pauses import short_pauses
from engine.foundation.supervise import Supervisor
from engine.foundation.workers import ThreadWorkers
from engine.query.engine import QueryEngine
from engine.tsdb.store import Store

QUIET: Final = float(os.environ.get("QUIET", "60"))
BUSY: Final = float(os.environ.get("BUSY", "60"))
CLIENTS: Final = 2
INTERVAL: Final = 5.0
WIDE: Final = (
    "sum by (method) (rate(shop_http_requests_total[1m]))",
    "histogram_quantile(0.9, sum by (le) (rate(shop_http_request_duration_seconds_bucket[1m])))",
    "quantile by (zone) (0.9, max_over_time(shop_queue_depth[1m]))",
    "max by (zone) (shop_queue_depth * on (pod, instance) shop_queue_depth)",
    "count by (__name__) ({job='load'})",
)
HOURS: Final = 2
KERNELS: Final = (
    "x", "sum by (mode) (x)", "sum by (mode) (rate(x[5m]))", "max_over_time(x[5m])", "quantile_over_time(0.9, x[5m])",
    "stddev_over_time(x[5m])", "deriv(x[5m])", "quantile by (mode) (0.9, x)", "topk(10, x)", "count_values('v', x % 7)",
    "x + on (instance, cpu, mode) x", "label_replace(x, 'y', '$1', 'instance', '(.*):.*')",
    "max_over_time(rate(x[5m])[30m:1m])", "sort(x)", "absent_over_time(x[5m])",
)  # fmt: skip
TICK: Final = 0.002


def main() -> None:
    spec = Spec(1000, 100, int((QUIET + BUSY + 60) / INTERVAL) + 6, free_port(), True, INTERVAL)
    with tempfile.TemporaryDirectory() as folder, load(spec):
        for side in commands(Path(folder), spec):
            _fleet(side, spec, Path(folder, side.name + ".log"))
    with short_pauses(SystemClock().monotonic):  # as in the engine
        asyncio.run(_kernels())


def _fleet(side: Side, spec: Spec, log: Path) -> None:
    with running(side.command, log):
        while stats(side.name, spec).fewest < 3:
            time.sleep(0.5)  # noqa: TID251 - a benchmark lives in real time
        time.sleep(QUIET)  # noqa: TID251 - the same
        _tell(side.name, "quiet", spec, QUIET)
        with _asking(f"http://{side.listen}/api/v1/query_range") as took:
            time.sleep(BUSY)  # noqa: TID251 - the same
            _tell(side.name, "busy", spec, BUSY)
        median = statistics.median(took) if took else 0.0
        print(f"  {side.name}: {len(took)} wide queries in that time, median {median * 1000:.0f} ms", flush=True)


def _tell(side: str, phase: str, spec: Spec, seconds: float) -> None:
    told = stats(side, spec, seconds)
    late = f"late by {told.late_p99_ms:.1f} ms (p99), {told.late_most_ms:.1f} ms (most)"
    print(f"  {side}, {phase}: {late}; {told.missed} scrapes left out", flush=True)


@contextmanager
def _asking(url: str) -> Iterator[list[float]]:
    """Clients that ask all the time; how many seconds each answer took."""
    took: list[float] = []
    ended = threading.Event()

    def ask(first: int) -> None:
        nth = first
        while not ended.is_set():
            now = int(time.time())  # noqa: TID251 - a benchmark lives in real time
            query = urllib.parse.urlencode({"query": WIDE[nth % len(WIDE)], "start": now - 300, "end": now, "step": 5})
            began = time.perf_counter()
            with urllib.request.urlopen(f"{url}?{query}", timeout=120) as answer:
                answer.read()
            took.append(time.perf_counter() - began)
            nth += 1

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(CLIENTS)]
    for thread in threads:
        thread.start()
    try:
        yield took
    finally:
        ended.set()
        for thread in threads:
            thread.join()


async def _kernels() -> None:
    clock, workers, store = SystemClock(), ThreadWorkers(), _filled()
    engine, supervisor = QueryEngine(store, workers, clock), Supervisor(clock)
    end = START + HOURS * 3_600_000
    try:
        for query in KERNELS:
            lags: list[float] = []
            ticking = supervisor.start("ticks", partial(_tick, lags))
            began = time.perf_counter()
            await engine.range(query, START + 1_800_000, end, 60_000)
            seconds = time.perf_counter() - began
            await supervisor.stop(ticking)
            p99, most = (np.percentile(lags or [0.0], q) * 1000 for q in (99, 100))
            print(f"  {query}: {seconds:.2f} s, the loop late by {p99:.1f} ms (p99), {most:.1f} ms (most)", flush=True)
    finally:
        workers.close()
        store.close()


async def _tick(lags: list[float]) -> None:
    """How much later than it wanted to this task ran, in seconds."""
    loop = asyncio.get_running_loop()
    while True:
        due = loop.time() + TICK
        await asyncio.sleep(TICK)  # noqa: TID251 - a benchmark lives in real time
        lags.append(loop.time() - due)


def _filled() -> Store:
    store = Store.open(None)
    targets = [Target(store, number, SERIES // TARGETS) for number in range(TARGETS)]
    for nth in range(HOURS * 3_600_000 // EVERY):
        for target in targets:
            target.scrape(nth, steady(nth, SERIES // TARGETS))
        if nth % TURN == 0:
            store.maintain(START + nth * EVERY)
    return store


if __name__ == "__main__":
    main()
