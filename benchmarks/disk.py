"""Bytes on disk a sample, after compaction, index and names included, beside Prometheus's blocks of the same samples.

- node exporter: pages of the real one, recorded while the machine works, stamped 15 s apart (two hours of them);
- walks: 500 counters with steps of 0 to 19, six hours at 15 s;
- digits: 500 gauges of ten random digits, four behind the point, six hours at 15 s: entropy 4.15 bytes;
- whole digits: the same without a point, where Prometheus's form has zeros to drop too.

Prometheus's side is made by promtool, in one block each. Told too is the CPU that it takes, a sample, to seal, store
and compact, and to read all samples back with nothing cached.

    python -m benchmarks disk       PACE=15 to record at the pace of the stamps, RECORDING=file to use another recording
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from benchmarks.harness import peer
from benchmarks.pages import recorded
from engine.tsdb.batch import Batch
from engine.tsdb.options import HOUR
from engine.tsdb.store import Store
from exporters.exposition.keys import decode
from promql.model.labels import Labels, quote
from promql.model.matchers import Matcher, MatchOp
from promql.model.panel import Kind, Need
from promql.model.staleness import ABSENT_NAN, is_absent
from promql.model.types import FloatArray

EVERY: Final = 15_000
START: Final = 1_800_000_000_000 // (18 * HOUR) * 18 * HOUR
TURN: Final = 20
"""Scrapes between two turns of maintenance: turns in which nothing is due are not what is measured."""
SERIES: Final = 500
ROWS: Final = 1440
_TARGET: Final = {"job": "node", "instance": "node-exporter:9100"}


@dataclass(frozen=True, slots=True)
class Fleet:
    """`values: float64[T, S]`; ABSENT_NAN where a page has not that series. `wanted`, `limit`: ratios to Prometheus."""

    name: str
    series: list[Labels]
    values: FloatArray
    wanted: float
    limit: float

    @property
    def samples(self) -> int:
        return int((~is_absent(self.values)).sum())


def node_exporter() -> Fleet | None:
    pages = recorded()
    if pages is None:
        return None
    places: dict[bytes, int] = {}
    rows = []
    for page in pages:
        found = [line.rpartition(b" ") for line in page.splitlines() if line and not line.startswith(b"#")]
        rows.append({places.setdefault(key, len(places)): float(value) for key, _, value in found})
    values = np.full((len(rows), len(places)), ABSENT_NAN)
    for row, found_row in zip(values, rows, strict=True):
        row[list(found_row)] = list(found_row.values())
    return Fleet("node exporter", [Labels.of(decode(key), **_TARGET) for key in places], values, 0.33, 0.5)


def walks() -> Fleet:
    steps = np.random.default_rng(1).integers(0, 20, (ROWS, SERIES))
    return Fleet("walks", _labels("walk_total"), np.cumsum(steps, axis=0).astype(np.float64), 0.36, 0.8)


def digits() -> Fleet:
    values = np.random.default_rng(2).integers(0, 10**10, (ROWS, SERIES)) / 10**4
    return Fleet("digits", _labels("gauge"), values, 0.6, 0.8)


def whole_digits() -> Fleet:
    values = np.random.default_rng(2).integers(0, 10**10, (ROWS, SERIES)).astype(np.float64)
    return Fleet("whole digits", _labels("gauge"), values, 0.6, 0.8)


def _labels(name: str) -> list[Labels]:
    return [Labels.of({"__name__": name, "shard": str(i)}, **_TARGET) for i in range(SERIES)]


def prometheus(fleet: Fleet, promtool: str, folder: Path) -> tuple[float, float]:
    """Bytes a sample in its blocks: of all of it, and of the chunks alone."""
    page = folder / "page.txt"
    with page.open("w") as out:
        names = [_key(labels) for labels in fleet.series]
        for row, values in enumerate(fleet.values.tolist()):
            stamp = (START + row * EVERY) // 1000
            here = ~is_absent(fleet.values[row])
            out.writelines(
                f"{names[at]} {str(values[at]).replace('inf', 'Inf').replace('nan', 'NaN')} {stamp}\n"
                for at in np.flatnonzero(here).tolist()
            )
        out.write("# EOF\n")
    command = [
        promtool,
        "tsdb",
        "create-blocks-from",
        "--max-block-duration=18h",
        "openmetrics",
        str(page),
        str(folder),
    ]
    subprocess.run(command, check=True, capture_output=True)
    page.unlink()
    files = [path for path in folder.rglob("*") if path.is_file()]
    chunks = sum(path.stat().st_size for path in files if path.parent.name == "chunks")
    blocks = len({path.parent for path in files if path.name == "meta.json"})
    assert blocks == 1, f"{blocks} blocks"
    return sum(path.stat().st_size for path in files) / fleet.samples, chunks / fleet.samples


def _key(labels: Labels) -> str:
    """As OpenMetrics wants it: no blanks."""
    return f"{labels.name}{{{','.join(f'{name}={quote(value)}' for name, value in labels.without_name())}}}"


def engine(fleet: Fleet, folder: Path) -> tuple[float, float, float]:
    """Bytes a sample, nanoseconds of CPU a sample to seal, store and compact, and to read."""
    store = Store.open(folder)
    source = store.source("target")
    columns, took = source.columns(fleet.series), 0.0
    for row, values in enumerate(fleet.values):
        here = np.flatnonzero(~is_absent(values))
        store.append(source, [Batch(START + row * EVERY, columns[here], values[here])])
        took += _maintained(store) if row % TURN == 0 else 0.0
    last = START + len(fleet.values) * EVERY
    clock = store.source("clock")  # what makes the end of the recording old enough to be sealed and compacted
    store.append(clock, [Batch(last + 7 * HOUR, clock.columns([Labels.of({"__name__": "clock"})]), np.zeros(1))])
    took += _maintained(store)
    store.close()
    store = Store.open(folder)
    begin = time.process_time()
    everything = Need((Matcher("__name__", MatchOp.REGEX, ".+"),), 0, last, Kind.RANGE)
    read = sum(panel.values.size for panel in store.select(everything))
    reading = time.process_time() - begin
    store.close()
    assert read >= fleet.samples - np.isnan(fleet.values).sum()
    size = sum(path.stat().st_size for path in (folder / "series.log", *(folder / "parts").iterdir()))
    return size / fleet.samples, took / fleet.samples * 1e9, reading / fleet.samples * 1e9


def _maintained(store: Store) -> float:
    begin = time.process_time()
    store.maintain(0)
    return time.process_time() - begin


def main() -> None:
    promtool = peer("promtool")
    for make in (node_exporter, walks, digits, whole_digits):
        fleet = make()
        if fleet is None:
            continue
        folder = Path(tempfile.mkdtemp())
        ours, written, read = engine(fleet, folder / "engine")
        print(
            f"{fleet.name}: {fleet.samples} samples of {len(fleet.series)} series: engine {ours:.3f} bytes a sample; "
            f"{written:.0f} ns to seal, store and compact, {read:.0f} ns to read",
            flush=True,
        )
        if promtool is not None:
            (folder / "prometheus").mkdir()
            whole, chunks = prometheus(fleet, promtool, folder / "prometheus")
            print(
                f"  Prometheus {whole:.3f} bytes a sample ({chunks:.3f} without its index): ratio {ours / whole:.2f}; "
                f"wanted {fleet.wanted}, not acceptable over {fleet.limit}",
                flush=True,
            )
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
