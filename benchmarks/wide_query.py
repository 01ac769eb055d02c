"""The memory of wide queries, by portions of their series, in blocks of steps, and in one piece.

`sum by (mode) (rate(x[5m]))` at 288 steps over 24 h of 10,000 steady series at 15 s, and one maximum over all of it:
57.6 million samples, sealed. Each way runs in a process of its own that shares the store; what it adds to its resident
memory is measured, and CPU.

    python -m benchmarks wide_query        SERIES=2000 for a short run
"""

from __future__ import annotations

import multiprocessing
import os
import resource
import time
from multiprocessing.connection import Connection
from typing import Final

from benchmarks.rate_kernel import EVERY, QUERY, START
from benchmarks.rate_store import filled, steady
from engine.foundation.clock import SystemClock
from engine.query.deadline import Deadline
from engine.query.evaluation import BLOCK, PORTION, ROOM, Room, evaluate
from engine.tsdb.store import Store
from promql.plan.build import build
from promql.plan.window import Window
from promql.syntax.parser import parse

HOURS: Final = 24
STEP: Final = 300_000
SCRAPES: Final = HOURS * 3_600_000 // EVERY
END: Final = START + HOURS * 3_600_000
QUERIES: Final = {QUERY: Window(START, END, STEP), "max by (mode) (max_over_time(x[1d]))": Window(END, END, 0)}


def main() -> None:
    store = filled(steady, SCRAPES)
    ways = {
        f"by portions of {PORTION:,} samples": ROOM,
        f"in blocks of {BLOCK:,} samples": Room(BLOCK, 1 << 62),
        "in one piece": Room(1 << 62, 1 << 62),
    }
    for query, window in QUERIES.items():
        print(query)
        for name, room in ways.items():
            ours, theirs = multiprocessing.Pipe()
            child = multiprocessing.get_context("fork").Process(
                target=_measured, args=(store, query, window, room, theirs)
            )
            child.start()
            megabytes, seconds = ours.recv()
            child.join()
            print(f"  {name}: {megabytes:.0f} MB more than before, {seconds:.2f} s of CPU")
    store.close()


def _measured(store: Store, query: str, window: Window, room: Room, answer: Connection) -> None:
    expr, clock = parse(query), SystemClock()
    plan = build(expr, window)
    before, began = _resident(), time.process_time()
    evaluate(store, expr, plan, Deadline(clock, clock.monotonic() + 600), room=room)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    answer.send(((peak - before) / 1e6, time.process_time() - began))


def _resident() -> int:
    """Bytes."""
    with open("/proc/self/statm") as file:  # noqa: PTH123 - a line of the kernel's
        return int(file.read().split()[1]) * os.sysconf("SC_PAGESIZE")
