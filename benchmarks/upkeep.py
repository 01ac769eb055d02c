"""How long a scrape waits while the store tidies up in another thread: sealing, compaction, deletion, a snapshot.

    python -m benchmarks upkeep        SERIES=100000 ROWS=600

Rows of one source, 15 s apart by their times, are appended, much faster than they would be scraped, while maintenance
runs as it does in the engine; then the same goes on beside each of the other works. What is told is the slowest append
and the peak of resident memory. Three tenths of the values move, a quarter are random numbers.
"""

from __future__ import annotations

import os
import resource
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

import numpy as np

from engine.tsdb.batch import Batch
from engine.tsdb.store import Store
from promql.model.labels import Labels
from promql.model.matchers import Matcher, MatchOp
from promql.model.types import IntArray

SERIES: Final = int(os.environ.get("SERIES", "100000"))
ROWS: Final = int(os.environ.get("ROWS", "600"))
START: Final = 1_700_000_000_000
STEP: Final = 15_000
PAUSE: Final = 0.02


class Writer:
    """One source's rows, and how long each took."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._source = store.source("load")
        names = [Labels.of({"__name__": "m", "i": str(i), "half": str(i % 2)}) for i in range(SERIES)]
        self._columns: IntArray = self._source.columns(names)
        self._random = np.random.default_rng(1)
        self._values = self._random.integers(0, 10**6, SERIES).astype(np.float64)
        self.now = START

    def write(self) -> float:
        """Seconds that the next row took."""
        moving = self._random.random(SERIES) < 0.3
        self._values = self._values + moving * self._random.integers(1, 50, SERIES)
        self._values[: SERIES // 4] = self._random.random(SERIES // 4)
        self.now += STEP
        started = time.perf_counter()
        self._store.append(self._source, [Batch(self.now, self._columns, self._values)])
        return time.perf_counter() - started


def beside(writer: Writer, work: Callable[[], object]) -> tuple[float, float]:
    """Rows written until a work in another thread is done: the slowest of them, and how long the work took."""
    thread = threading.Thread(target=work)
    slowest, started = 0.0, time.perf_counter()
    thread.start()
    while thread.is_alive():
        slowest = max(slowest, writer.write())
        time.sleep(PAUSE)  # noqa: TID251 - a benchmark lives in real time
    thread.join()
    return slowest, time.perf_counter() - started


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        store = Store.open(Path(folder, "data"))
        writer = Writer(store)
        first, *alone = (writer.write() for _ in range(ROWS // 10))
        print(f"  {SERIES} series; the first row {first * 1e3:.0f} ms, others alone at most {max(alone) * 1e3:.0f} ms")
        slowest = 0.0
        while writer.now < START + ROWS * STEP:
            slowest = max(slowest, *beside(writer, lambda: store.maintain(writer.now))[:1])
        print(f"  while {ROWS} rows are sealed, stored and compacted: {slowest * 1e3:.0f} ms")
        half = Matcher("half", MatchOp.EQUAL, "1")
        works: dict[str, Callable[[], object]] = {
            "a deletion of half of the series": lambda: store.delete([[half]], START, START + ROWS * STEP // 2),
            "a snapshot": lambda: store.snapshot(Path(folder, "snapshot")),
            "cleaning what was deleted": store.clean_tombstones,
        }
        for name, work in works.items():
            slowest, took = beside(writer, work)
            print(f"  while {name} runs ({took:.2f} s): {slowest * 1e3:.0f} ms")
        store.close()
    print(f"  peak memory: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3:.0f} MB")


if __name__ == "__main__":
    main()
