"""What log queries over stored lines cost: filters, parsed fields, and counts of both.

`python -m benchmarks log_queries`: MB (1000) of lines as the JSON formatter of a Python application writes them, of
four streams, sealed in a store on disk, asked through the query front. Loki 2.7.4's figure for filters (0.40 s for
86 MB, wall) was measured once and not in this run; for queries that parse JSON there is none, so ours stand alone.
Ratios are of our CPU time: a query is one thread, which takes as long where nothing else runs.
"""

from __future__ import annotations

import asyncio
import os
import random
import tempfile
import time
from array import array
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import msgspec

from engine.foundation.clock import SystemClock
from engine.foundation.memory import tame_heap
from engine.foundation.workers import ThreadWorkers
from engine.logs.store.head import Run
from engine.logs.store.segment import Named
from engine.logs.store.store import LogStore
from engine.query.logs.engine import Asked, LogQueryEngine
from engine.query.logs.limits import LogQueryLimits
from promql.model.labels import Labels

MB: Final = int(os.environ.get("MB", "1000"))
LOKI_SECONDS_A_MB: Final = 0.40 / 86
_STEP: Final = 60 * 10**9
_STREAMS: Final = 4
_BATCH: Final = 5000
_SEAL: Final = 32 << 20
FILTERS: Final = (
    '{job="app"} |= "id=123456 "',
    '{job="app"} |~ "id=12345[67] "',
    '{job="app"} |~ "(?i)USER_10001 "',
    '{job="app"} |~ "(?i)unheard of"',
    'sum(count_over_time({job="app"} |= "ERROR" [1m]))',
)
PARSED: Final = (
    '{job="app"} | json | level="ERROR"',
    '{job="app"} | json | status >= 500',
    '{job="app"} | json | status >= 700',
    'sum(count_over_time({job="app"} | json | level="ERROR" [1m]))',
    'sum by (level) (count_over_time({job="app"} | json [1m]))',
)


def lines() -> Iterator[bytes]:
    chance = random.Random(1)
    number = 0
    while True:
        number += 1
        took = chance.random() * 1000
        yield msgspec.json.encode(
            {
                "timestamp": f"2026-11-26 04:{number // 60000 % 60:02d}:{number // 1000 % 60:02d},{number % 1000:03d}",
                "level": chance.choice(("INFO",) * 8 + ("WARNING", "ERROR")),
                "logger": chance.choice(("app.api", "app.db", "app.auth")),
                "message": f"id={number} request for user_{chance.randrange(10_000)} handled in {took:.3f} ms",
                "status": chance.choice((200, 200, 200, 404, 500)),
                "context": {"pid": number % 7, "path": f"/api/v1/items/{chance.randrange(1000)}"},
            }
        )


def fill(store: LogStore) -> tuple[int, int]:
    """The times of the first line and behind the last one; sealed as it grows."""
    source, start = lines(), 1_700_000_000 * 10**9
    size, batch, now = 0, 0, start
    while size < MB * 10**6:
        found = [next(source) for _ in range(_BATCH)]
        times = array("q", range(now, now + _BATCH * 10**6, 10**6))
        run = Run(b"".join(line + b"\n" for line in found), array("I", map(len, found)), times, {})
        store.append([(Named("fake", Labels.of(job="app", instance=str(batch % _STREAMS))), run)], {}, now)
        size, batch, now = size + len(run.text), batch + 1, now + _BATCH * 10**6
        if store.open_bytes > _SEAL:
            store.seal()
    store.seal()
    return start, now


async def ask(queries: LogQueryEngine, query: str, start: int, end: int) -> tuple[float, float]:
    """Wall and CPU seconds."""
    wall, cpu = time.perf_counter(), time.process_time()
    await queries.range("fake", query, Asked(start, end, _STEP))
    return time.perf_counter() - wall, time.process_time() - cpu


async def measure(store: LogStore, start: int, end: int) -> None:
    workers, limits = ThreadWorkers(), LogQueryLimits(timeout=600.0)
    queries = LogQueryEngine(store.reader, lambda _tenant: limits, workers, SystemClock())
    await ask(queries, FILTERS[0], start, end)
    for query in FILTERS:
        wall, cpu = await ask(queries, query, start, end)
        ratio = cpu / (MB * LOKI_SECONDS_A_MB)
        print(f"{wall:7.2f} s, CPU {cpu:6.2f} s, {ratio:.2f} of Loki 2.7.4's (target 0.25)  {query}")
    for query in PARSED:
        wall, cpu = await ask(queries, query, start, end)
        print(f"{wall:7.2f} s, CPU {cpu:6.2f} s, no figure of Loki's                     {query}")
    workers.close()


def main() -> None:
    tame_heap()
    with tempfile.TemporaryDirectory() as folder:
        store = LogStore(Path(folder))
        start, end = fill(store)
        disk = sum(path.stat().st_size for path in Path(folder).iterdir())
        print(f"{MB} MB of lines, {disk / 1e6:.0f} MB on disk")
        asyncio.run(measure(store, start, end))
        store.close()


if __name__ == "__main__":
    main()
