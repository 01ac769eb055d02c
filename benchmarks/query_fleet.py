"""What the benchmark of queries asks about: six hours at 15 s of 20 wide targets and ten small ones, in both programs.

Each wide target has 500 counters `x` (CPU seconds, two decimals), 500 counters of buckets and one `info`; each small
one what the guide's dashboard and rules ask for. Series differ in how fast they grow. Ours goes through the store,
a scrape a row; Prometheus's blocks are made by promtool, one of two hours from each file.
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from engine.tsdb.batch import Batch
from engine.tsdb.options import StoreOptions
from engine.tsdb.store import Store
from promql.model.labels import Labels
from promql.model.types import FloatArray, IntArray

BLOCK: Final = 7_200_000
START: Final = 236_112 * BLOCK
HOURS: Final = 6
EVERY: Final = 15_000
SCRAPES: Final = HOURS * 3_600_000 // EVERY
WIDE: Final = 20
SMALL: Final = 10
SERIES: Final = 500
"""Of each wide metric in each wide target."""
MODES: Final = ("idle", "user", "system", "iowait", "irq", "softirq", "steal", "nice")
BOUNDS: Final = ("0.005", "0.01", "0.05", "0.1", "0.25", "0.5", "1", "2.5", "10", "+Inf")
_TURN: Final = 20
"""Scrapes between two turns of the store's maintenance."""


@dataclass(frozen=True, slots=True)
class Target:
    """Series that are scraped together: `times: int64[T]` (Unix ms), `values: float64[S, T]`."""

    key: str
    times: IntArray
    labels: list[Labels]
    values: FloatArray


def targets() -> Iterator[Target]:
    for number in range(WIDE + SMALL):
        chance = np.random.default_rng(number)
        times = START + number * 401 + np.arange(SCRAPES) * EVERY
        where = {"instance": f"10.0.0.{number}:9100", "job": "node" if number < WIDE else "small"}
        parts = list(_wide(chance, number) if number < WIDE else _small(chance))
        labels = [Labels.of(where, **one) for names, _ in parts for one in names]
        yield Target(f"target {number}", times, labels, np.concatenate([values for _, values in parts]))


Part = tuple[list[dict[str, str]], FloatArray]


def _wide(chance: np.random.Generator, number: int) -> Iterator[Part]:
    modes = len(MODES)
    yield (
        [{"__name__": "x", "cpu": str(i // modes), "mode": MODES[i % modes]} for i in range(SERIES)],
        _seconds(chance, SERIES),
    )
    bounds = len(BOUNDS)
    yield (
        [
            {"__name__": "requests_bucket", "handler": f"/{i // bounds}", "le": BOUNDS[i % bounds]}
            for i in range(SERIES)
        ],
        _buckets(chance, SERIES // bounds, bounds),
    )
    yield [{"__name__": "info", "version": f"1.{number % 4}"}], np.ones((1, SCRAPES))


def _small(chance: np.random.Generator) -> Iterator[Part]:
    cpus = [{"__name__": "node_cpu_seconds_total", "cpu": str(i // 8), "mode": MODES[i % 8]} for i in range(64)]
    yield cpus, _seconds(chance, len(cpus))
    yield [{"__name__": "node_memory_MemTotal_bytes"}], np.full((1, SCRAPES), 16.0 * 2**30)
    yield [{"__name__": "node_memory_MemAvailable_bytes"}], chance.integers(2**32, 2**33, (1, SCRAPES)) * 1.0
    yield [{"__name__": "up"}], np.ones((1, SCRAPES))
    for name in ("http_requests_total", "http_request_exceptions_total"):
        yield [{"__name__": name, "handler": f"/{i}"} for i in range(10)], _counts(chance, 10)


def _counts(chance: np.random.Generator, series: int) -> FloatArray:
    pace = chance.lognormal(2, 1.5, (series, 1))
    return chance.poisson(pace, (series, SCRAPES)).cumsum(axis=1).astype(np.float64)


def _seconds(chance: np.random.Generator, series: int) -> FloatArray:
    return np.rint(_counts(chance, series)) / 100


def _buckets(chance: np.random.Generator, histograms: int, bounds: int) -> FloatArray:
    each = _counts(chance, histograms * bounds).reshape(histograms, bounds, SCRAPES)
    return each.cumsum(axis=1).reshape(-1, SCRAPES)


def fill_engine(folder: Path) -> None:
    """A data folder as the engine leaves it after six hours."""
    store = Store.open(folder / "metrics", StoreOptions(retention_ms=0))
    fleet = [(target, source := store.source(target.key), source.columns(target.labels)) for target in targets()]
    rows = [np.ascontiguousarray(target.values.T) for target, _, _ in fleet]
    for nth in range(SCRAPES):
        for (target, source, columns), values in zip(fleet, rows, strict=True):
            store.append(source, [Batch(int(target.times[nth]), columns, values[nth])])
        if nth % _TURN == 0:
            store.maintain(START + nth * EVERY)
    store.close()


def fill_prometheus(folder: Path) -> None:
    """Three blocks of two hours, two at a time."""
    folder.mkdir(parents=True)
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda block: _block(folder, block), range(HOURS * 3_600_000 // BLOCK)))


def _block(folder: Path, block: int) -> None:
    text = folder.with_name(f"block-{block}.om")
    with text.open("wb") as file:
        for target in targets():
            file.writelines(_lines(target, START + block * BLOCK))
        file.write(b"# EOF\n")
    made = ["promtool", "tsdb", "create-blocks-from", "openmetrics", str(text), str(folder)]
    subprocess.run(made, check=True, capture_output=True)
    text.unlink()


def _lines(target: Target, start: int) -> Iterator[bytes]:
    inside = slice(*target.times.searchsorted([start, start + BLOCK]))
    ends = [f" {t / 1000:.3f}\n" for t in target.times[inside].tolist()]
    for labels, values in zip(target.labels, target.values[:, inside].tolist(), strict=True):
        inner = ",".join(f'{n}="{v}"' for n, v in labels if n != "__name__")
        head = f"{labels.name}{{{inner}}} "
        yield "".join([f"{head}{value!r}{end}" for value, end in zip(values, ends, strict=True)]).encode()
