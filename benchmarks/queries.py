"""Queries over HTTP, from the request to the last byte of the answer, beside Prometheus over the same samples.

20,000 series of wide targets and 860 of small ones over 6 h at 15 s (see `benchmarks.query_fleet`), range queries of
360 steps. Wide ones are asked by turns of both programs and told as the median of `RUNS`; narrow ones many times, as
p50 and p99; then 20 panels at once; then the first question after a restart. CPU is that of the process tree.

    python -m benchmarks queries        FOLDER=path to keep the samples for later runs, RUNS=3 for a short one,
                                        RUNS=0 for narrow ones alone (NARROW_RUNS=1000)
"""

from __future__ import annotations

import http.client
import math
import os
import statistics
import tempfile
import time
import urllib.parse
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Final

import msgspec

from benchmarks.harness import ENGINE, Program, free_port, peer, report, running
from benchmarks.query_fleet import EVERY, HOURS, START, fill_engine, fill_prometheus

RUNS: Final = int(os.environ.get("RUNS", "5"))
NARROW_RUNS: Final = int(os.environ.get("NARROW_RUNS", "300"))
STEPS: Final = 360
END: Final = START + HOURS * 3_600_000 - EVERY
STEP: Final = HOURS * 3_600_000 // STEPS

WIDE: Final = (
    ("rates, summed", "sum by (mode) (rate(x[5m]))", 0.1),
    ("quantiles of histograms", "histogram_quantile(0.99, sum by (le) (rate(requests_bucket[5m])))", 0.1),
    ("maxima", "max by (mode) (max_over_time(x[1h]))", 0.1),
    ("the ten largest", "topk(10, rate(x[5m]))", 0.1),
    ("a subquery", "max_over_time(sum by (mode) (rate(x[5m]))[30m:1m])", 0.1),
    ("quantiles over time", "avg by (mode) (quantile_over_time(0.9, x[5m]))", 0.2),
    ("a join", "sum by (version) (rate(x[5m]) * on (instance) group_left (version) info)", 0.2),
    ("3.6 million points", "max_over_time(x[1h])", 0.4),
)
GUIDE: Final = (
    '100 - (avg by(instance) (irate(node_cpu_seconds_total{mode="idle"}[5m])) * 100)',
    "(node_memory_MemTotal_bytes - node_memory_MemAvailable_bytes) / node_memory_MemTotal_bytes * 100",
    "up == 0",
    "sum(rate(http_request_exceptions_total[5m])) / sum(rate(http_requests_total[5m])) * 100",
)
HUNDRED: Final = (
    "http_requests_total",
    "rate(http_requests_total[5m])",
    "sum by (instance) (rate(http_requests_total[5m]))",
    "topk(5, rate(http_requests_total[5m]))",
)
ONE: Final = ('up{instance="10.0.0.22:9100"}',)
PANELS: Final = tuple(
    f'{op} by ({label}) ({call}({metric}{{instance=~"10.0.0.2[0-9]:9100"}}[5m]))'
    for op, label in (("sum", "instance"), ("max", "instance"), ("avg", "handler"), ("sum", "job"), ("min", "mode"))
    for call in ("rate", "increase")
    for metric in ("http_requests_total", "node_cpu_seconds_total")
)


@dataclass(slots=True)
class Side:
    """One of the two programs: how it is started, where it answers, and the connection that is kept."""

    name: str
    command: Sequence[str]
    port: int
    log: Path
    program: Program | None = None
    _connection: http.client.HTTPConnection = field(init=False)

    def __post_init__(self) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=300)

    def start(self, stack: ExitStack) -> None:
        self._connection.close()
        self.program = stack.enter_context(running(self.command, self.log))
        self.program.wait_for(f"http://127.0.0.1:{self.port}/-/ready")

    def cpu(self) -> float:
        assert self.program is not None
        return self.program.usage().cpu_seconds

    def ask(self, path: str) -> bytes:
        """The body of the answer. Raises AssertionError where it is none."""
        return asked(self._connection, path)


def asked(connection: http.client.HTTPConnection, path: str) -> bytes:
    connection.request("GET", path)
    with connection.getresponse() as response:
        body = response.read()
    assert response.status == 200, body[:500]
    return body


def over_range(query: str) -> str:
    window = {"query": query, "start": START / 1000, "end": END / 1000, "step": STEP / 1000}
    return f"/api/v1/query_range?{urllib.parse.urlencode(window)}"


def at_once(query: str) -> str:
    return f"/api/v1/query?{urllib.parse.urlencode({'query': query, 'time': END / 1000})}"


def sides(folder: Path) -> list[Side]:
    config = folder / "prometheus.yml"
    config.write_text("scrape_configs: []\n")
    ports = free_port(), free_port()
    ours = [*ENGINE, "run", f"--config={config}", f"--listen=prometheus=127.0.0.1:{ports[0]}"]
    kept = "--storage.tsdb.retention.time=100y"
    found = [Side("engine", [*ours, f"--data-dir={folder / 'engine'}", kept], ports[0], folder / "engine.log")]
    if prometheus := peer("prometheus"):
        command = [prometheus, f"--config.file={config}", f"--storage.tsdb.path={folder / 'prometheus'}", kept]
        command += ["--storage.tsdb.max-block-duration=2h", f"--web.listen-address=127.0.0.1:{ports[1]}"]
        found.append(Side("Prometheus", command, ports[1], folder / "prometheus.log"))
    return found


def filled(folder: Path) -> None:
    for name, fill in (("engine", fill_engine), ("prometheus", fill_prometheus)):
        if not (folder / name).exists() and (name == "engine" or peer("promtool")):
            fill(folder / name)


def timed(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def compare(claim: str, found: Iterable[Sequence[float]], unit: str, scale: float = 1.0) -> None:
    ours, *rest = (statistics.median(times) * scale for times in found)
    report(claim, unit, ours, rest[0] if rest else None, "Prometheus")


def wide(every: Sequence[Side]) -> None:
    for name, query, target in WIDE:
        path = over_range(query)
        check_alike([side.ask(path) for side in every])
        times: list[list[float]] = [[] for _ in every]
        busy: list[list[float]] = [[] for _ in every]
        for _ in range(RUNS):
            for side, took, cpu in zip(every, times, busy, strict=True):
                before = side.cpu()
                took.append(timed(partial(side.ask, path)))
                cpu.append(side.cpu() - before)
        compare(f"  {name} (wanted {target})", times, "s")
        compare("    CPU", busy, "s")


def narrow(every: Sequence[Side], name: str, target: float, paths: Sequence[str]) -> None:
    times: list[list[float]] = [[] for _ in every]
    before = [side.cpu() for side in every]
    for nth in range(NARROW_RUNS):
        for side, took in zip(every, times, strict=True):
            path = paths[nth % len(paths)]
            took.append(timed(partial(side.ask, path)))
    busy = [[(side.cpu() - start) / NARROW_RUNS] for side, start in zip(every, before, strict=True)]
    compare(f"  {name}, CPU of one", busy, "ms", 1000)
    compare(f"  {name}, p50 (wanted {target})", times, "ms", 1000)
    compare(f"  {name}, p99 (wanted {target})", [[percentile(took, 0.99)] for took in times], "ms", 1000)


def percentile(times: Sequence[float], q: float) -> float:
    return sorted(times)[min(math.ceil(q * len(times)), len(times)) - 1]


def panels(every: Sequence[Side]) -> None:
    """Each on a connection of its own, as 20 panels of a dashboard load."""
    times: list[list[float]] = [[] for _ in every]
    for _ in range(max(RUNS * 3, 3)):
        for side, took in zip(every, times, strict=True):
            took.append(dashboard(side.port))
    compare("  20 panels at once (wanted 0.5)", times, "ms", 1000)


def dashboard(port: int) -> float:
    open_ones = [http.client.HTTPConnection("127.0.0.1", port, timeout=60) for _ in PANELS]
    with ThreadPoolExecutor(len(PANELS)) as pool:
        for connection in open_ones:
            connection.connect()
        took = timed(lambda: list(pool.map(asked, open_ones, map(over_range, PANELS))))
    for connection in open_ones:
        connection.close()
    return took


def first_touch(every: Sequence[Side]) -> None:
    name, query, _ = WIDE[0]
    path = over_range(query)
    times: list[list[float]] = [[] for _ in every]
    for _ in range(RUNS):
        for side, took in zip(every, times, strict=True):
            with ExitStack() as stack:
                side.start(stack)
                took.append(timed(partial(side.ask, path)))
    compare(f"  {name}, at first touch (wanted 0.3)", times, "s")


def check_alike(bodies: Sequence[bytes]) -> None:
    """The same series, and the same sums of their values but for the last digits."""
    found = [{str(one["metric"]): one["values"] for one in msgspec.json.decode(b)["data"]["result"]} for b in bodies]
    for other in found[1:]:
        assert other.keys() == found[0].keys()
        for labels, values in other.items():
            sums = [sum(float(v) for _, v in some if v != "NaN") for some in (values, found[0][labels])]
            assert math.isclose(*sums, rel_tol=1e-6), (labels, sums)


def main() -> None:
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(os.environ.get("FOLDER", temporary))
        filled(folder)
        every = sides(folder)
        with ExitStack() as stack:
            for side in every:
                side.start(stack)
            if RUNS:
                wide(every)
            narrow(every, "the guide's queries over 6 h", 1.0, [over_range(query) for query in GUIDE])
            narrow(every, "the guide's queries now", 1.0, [at_once(query) for query in GUIDE])
            narrow(every, "100 series over 6 h", 1.0, [over_range(query) for query in HUNDRED])
            narrow(every, "100 series now", 1.0, [at_once(query) for query in HUNDRED])
            narrow(every, "one series over 6 h", 2.0, [over_range(query) for query in ONE])
            narrow(every, "one series now", 2.0, [at_once(query) for query in ONE])
            panels(every)
        if RUNS:
            first_touch(every)
