"""Remote write 1.0 beside 2.0: making and reading requests of 5,000 series with eight labels, one sample each.

`python -m benchmarks protocols`: CPU of a sample, and its bytes when packed. Reading is that of known series, as it is
after the first request.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

import cramjam
import numpy as np

from engine.remote.wire import Request, decode
from engine.remote.wire2 import decode2
from engine.remote.writing.encode import SeriesBytes, samples
from engine.remote.writing.encode2 import samples2
from promql.model.labels import Labels

SERIES: Final = 5000
ROUNDS: Final = 20


def main() -> None:
    series = [
        Labels.of(
            __name__="http_requests_total", job="api", instance=f"host-{i % 50}:9100", path=f"/p/{i}", code="200",
            zone="eu", env="prod", pod=f"pod-{i}",
        )
        for i in range(SERIES)
    ]  # fmt: skip
    written = [SeriesBytes(labels) for labels in series]
    times, values = np.full(SERIES, 1_700_000_000_000), np.random.default_rng(1).random(SERIES)
    show("1.0", lambda: samples(written, times, values), decode)
    show("2.0", lambda: samples2(series, times, values, {}), decode2)


def show(name: str, make: Callable[[], bytes], read: Callable[[bytes, Callable[[bytes], int | None]], Request]) -> None:
    body = make()
    raw = bytes(cramjam.snappy.decompress_raw(body))
    known = {key: at for at, key in enumerate(read(raw, lambda _: None).strangers)}
    making, reading = cpu(make), cpu(lambda: read(raw, known.get))
    print(f"  {name}: making {making:.2f} us, reading {reading:.2f} us, {len(body) / SERIES:.1f} bytes a sample")


def cpu(work: Callable[[], object]) -> float:
    """Microseconds a sample."""
    began = time.process_time()
    for _ in range(ROUNDS):
        work()
    return (time.process_time() - began) / ROUNDS / SERIES * 1e6
