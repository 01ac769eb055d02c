"""Appends to a store as fast as it can and tells of each commit once it was appended, until it is killed.

`python -m tests.tsdb.appender FOLDER FIRST`: commits from number FIRST on; a turn of maintenance every 50 commits, in a
thread of its own. What each commit holds follows from its number.
"""

from __future__ import annotations

import sys
import threading
from pathlib import Path

from engine.tsdb.options import StoreOptions
from engine.tsdb.store import Store
from promql.model.labels import Labels
from tests.tsdb.twin import Answer, batch, bits, named

OPTIONS = StoreOptions(seal_rows=20, segment_bytes=10_000, sync_ms=0)
SOURCES = 3
WIDE = 2
"""This source's pages have most series, and they change."""


def commit(number: int) -> tuple[int, int, list[tuple[Labels, float]]]:
    """Source, time, series and values."""
    source = number % SOURCES
    width = 40 + number // 60 % 4 if source == WIDE else 5
    values = [number / 3 if at % 3 == 0 else float(number // 7 + at) for at in range(width)]
    return source, number * 100, [(named("m", s=str(source), i=str(at)), value) for at, value in enumerate(values)]


def expected(commits: int) -> Answer:
    """What the first commits make together."""
    found: Answer = {}
    for number in range(commits):
        _, time, series = commit(number)
        for labels, value in series:
            found.setdefault(labels, []).append((time, bits(value)))
    return found


def main(folder: Path, first: int) -> None:
    store = Store.open(folder, OPTIONS)
    turns = threading.Semaphore(0)
    threading.Thread(target=_maintain, args=(store, turns), daemon=True).start()
    number = first
    while True:
        source, time, series = commit(number)
        owner = store.source(str(source))
        assert store.append(owner, [batch(owner, time, series)]).appended == len(series)
        print(number, flush=True)
        number += 1
        if number % 50 == 0:
            turns.release()


def _maintain(store: Store, turns: threading.Semaphore) -> None:
    while True:
        turns.acquire()
        store.maintain(0)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
