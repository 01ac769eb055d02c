"""What logging a scrape costs, and reading it back: CPU and bytes by the width of a page, without anything around it.

Pages are counters and histogram buckets of which three tenths move from scrape to scrape, and gauges that all do, half
of them bytes and half of them decimals.

    python -m benchmarks log
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Final

import numpy as np

from engine.tsdb.commit import Commit, Layout
from engine.tsdb.log.replay import read_segment
from engine.tsdb.log.wal import FULL_EVERY, Wal
from engine.tsdb.log.walformat import segments
from engine.tsdb.options import StoreOptions
from promql.model.types import FloatArray

WIDTHS: Final = (100, 500, 5_000, 100_000)
ROWS: Final = 2 * FULL_EVERY
RUNS: Final = 5


def pages(width: int) -> Iterator[FloatArray]:
    random = np.random.default_rng(width)
    kind = random.random(width)
    large, decimal = (kind >= 0.8) & (kind < 0.9), kind >= 0.9
    values = random.integers(0, 10**7, width).astype(np.float64)
    values[large] = random.integers(0, 2**22, int(large.sum())) * 4096
    values[decimal] = np.round(random.random(int(decimal.sum())) * 100, 6)
    while True:
        yield values
        moving = (kind < 0.8) & (random.random(width) < 0.3)
        values = values + moving * random.integers(1, 50, width)
        values[large] += random.integers(-1000, 1000, int(large.sum())) * 4096
        values[decimal] = np.round(values[decimal] + random.normal(0, 1, int(decimal.sum())), 6)


def measure(width: int, *, compress: bool) -> tuple[float, float, float]:
    """Seconds to write, seconds to read, bytes; the best of the runs."""
    rows = list(islice(pages(width), ROWS))
    refs = np.arange(width)
    write, read, size = float("inf"), float("inf"), 0
    for _ in range(RUNS):
        with tempfile.TemporaryDirectory() as folder:
            wal = Wal(Path(folder), 1, StoreOptions(log_compression=compress))
            begin = time.process_time()
            for number, row in enumerate(rows):
                wal.write(number, 0, Commit(number, Layout(refs, refs), row, 0))
            write = min(write, time.process_time() - begin)
            size = wal.size()
            wal.close()
            begin = time.process_time()
            for path in segments(Path(folder)):
                for _found in read_segment(path):
                    pass
            read = min(read, time.process_time() - begin)
    return write, read, size


def main() -> None:
    for compress in (True, False):
        for width in WIDTHS:
            write, read, size = measure(width, compress=compress)
            cells = width * ROWS
            print(
                f"{'deflated where long' if compress else 'never deflated':20} {width:7} series: "
                f"{write / ROWS * 1e6:7.1f} us a row, {write / cells * 1e6:.3f} us a sample, "
                f"read {read / cells * 1e6:.3f} us a sample, {size / cells:.2f} bytes a sample"
            )
