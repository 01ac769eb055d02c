"""Restarting with ten million samples in the log: from exec until ready, and until a query over all of them answers.

Two shapes: one target of 100,000 series, and 1,000 targets of 100. Both programs scrape the same server, a process that
is not counted, until it has no more pages; both are killed, so that nothing is tidied up; then each is started again on
a copy of what it left, several times. What is told is medians of wall time, CPU and the peak of resident memory until
the answer, which is the number of samples.

    python -m benchmarks restart        ROWS=20 for a short run, FOLDER=path to keep and use again what was scraped
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
import statistics
import sys
import tempfile
import time
import urllib.parse
import urllib.request
from collections import Counter
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Final

import numpy as np

from benchmarks.harness import ENGINE, peer, report, running

ROWS: Final = int(os.environ.get("ROWS", "100"))
RUNS: Final = int(os.environ.get("RUNS", "5"))
PORT: Final = 19_500
PAGES: Final = 8
QUERY: Final = 'sum(count_over_time({__name__=~"shop_.*"}[2h]))'


@dataclass(frozen=True, slots=True)
class Shape:
    """`targets` of `series` each, scraped every so many seconds."""

    name: str
    targets: int
    series: int
    every: float

    def config(self, side: str) -> str:
        addresses = ", ".join(f'"127.0.{1 + t // 250}.{1 + t % 250}:{PORT}"' for t in range(self.targets))
        interval = f"{int(self.every * 1000)}ms"
        return (
            f"global: {{scrape_interval: {interval}, scrape_timeout: {interval}}}\n"
            f"scrape_configs:\n- job_name: load\n  metrics_path: /{side}\n"
            f"  static_configs:\n  - targets: [{addresses}]\n"
        )

    def pages(self) -> list[bytes]:
        """Counters of which three tenths move, histograms the same, and gauges that all do."""
        random = np.random.default_rng(self.series)
        kind = random.random(self.series)
        values = np.where(kind < 0.5, random.integers(0, 10**7, self.series), random.integers(0, 10**5, self.series))
        numbers = values.astype(np.float64)
        heads = [
            f"shop_{('requests_total', 'seconds_bucket')[i % 2]}"
            f'{{handler="/api/v1/orders/{i // 20}",method="GET",le="{i % 20}"}} '
            for i in range(self.series)
        ]
        pages = []
        for _ in range(PAGES):
            moving = random.random(self.series) < 0.3
            numbers = numbers + moving * random.integers(1, 50, self.series)
            gauges = kind > 0.8
            numbers[gauges] = random.random(int(gauges.sum())) * 100
            pages.append("".join(map("{}{!r}\n".format, heads, numbers.tolist())).encode())
        return pages


SHAPES: Final = (
    Shape("one target of 100,000 series", 1, 100_000, 2),
    Shape("1,000 targets of 100 series", 1000, 100, 5),
)


@dataclass(frozen=True, slots=True, eq=False)
class Side:
    """One of the two programs: how it is started on a folder, and where it listens."""

    name: str
    command: Sequence[str]
    url: str

    def on(self, folder: Path, config: Path) -> list[str]:
        return [part.format(folder=folder, config=config) for part in self.command]

    def count(self) -> float:
        """The answer to the query; 0 while there is none."""
        query = urllib.parse.urlencode({"query": QUERY})
        with urllib.request.urlopen(f"{self.url}/api/v1/query?{query}", timeout=60) as response:
            result = json.load(response)["data"]["result"]
        return float(result[0]["value"][1]) if result else 0.0


@dataclass(frozen=True, slots=True)
class Restart:
    """Seconds from exec; `cpu` and `peak` until the answer."""

    samples: float
    ready: float
    answered: float
    cpu: float
    peak: float


def sides() -> list[Side]:
    found = [
        Side(
            "engine",
            [
                *ENGINE,
                "run",
                "--config",
                "{config}",
                "--listen",
                "prometheus=127.0.0.1:19501",
                "--data-dir",
                "{folder}",
            ],
            "http://127.0.0.1:19501",
        )
    ]
    if prometheus := peer("prometheus"):
        flags = ["--config.file={config}", "--storage.tsdb.path={folder}", "--web.listen-address=127.0.0.1:19502"]
        found.append(Side("Prometheus", [prometheus, *flags], "http://127.0.0.1:19502"))
    return found


def fill(shape: Shape, folder: Path) -> None:
    """Let all sides scrape all pages, and kill them before they ask in vain."""
    serve = [sys.executable, "-m", "benchmarks.restart", "serve", str(SHAPES.index(shape))]
    with ExitStack() as stack:
        server = stack.enter_context(running(serve, folder / "serve.log"))
        server.wait_for(f"http://127.0.0.1:{PORT}/stats/-")
        waiting = {}
        for side in sides():
            config = folder / f"{side.name}.yml"
            config.write_text(shape.config(side.name))
            program = running(side.on(folder / side.name, config), folder / f"{side.name}.log")
            waiting[side] = stack.enter_context(program)
        while waiting:
            time.sleep(0.1)  # noqa: TID251 - a benchmark lives in real time
            for side in [side for side in waiting if pages_given(side) == shape.targets * ROWS]:
                time.sleep(shape.every)  # noqa: TID251 - until the last page is taken in; the next one never comes
                process = waiting.pop(side).process
                process.send_signal(signal.SIGKILL)
                process.wait()


def pages_given(side: Side) -> int:
    with urllib.request.urlopen(f"http://127.0.0.1:{PORT}/stats/{side.name}", timeout=60) as response:
        return int(response.read())


def restart(side: Side, folder: Path, config: Path) -> Restart:
    """Start on a copy of what was left; nothing is there to be scraped."""
    copy = folder / "copy"
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(folder / side.name, copy)
    with running(side.on(copy, config), folder / "restart.log") as program:
        ready = program.wait_for(f"{side.url}/-/ready", seconds=120)
        found = side.count()
        answered = time.perf_counter() - program.started
        return Restart(found / 1e6, ready, answered, program.usage().cpu_seconds, program.peak_bytes() / 1e6)


def measure(shape: Shape, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    known = folder / "filled"
    if not known.exists():
        fill(shape, folder)
        known.touch()
    idle = folder / "idle.yml"
    idle.write_text("scrape_configs: []\n")
    took = {side.name: [restart(side, folder, idle) for _ in range(RUNS)] for side in sides()}
    print(f"{shape.name}, {ROWS} scrapes")
    units = {"samples": "million", "ready": "s", "answered": "s", "cpu": "s", "peak": "MB"}
    for what, unit in units.items():
        medians = {name: statistics.median(getattr(one, what) for one in runs) for name, runs in took.items()}
        report(f"  {what}", unit, medians["engine"], medians.get("Prometheus"), "Prometheus")


class Server(asyncio.Protocol):
    """Gives each side so many pages of a target, and then no answer. `/stats/SIDE` tells how many it was given."""

    pages: Sequence[bytes] = ()
    given: ClassVar[Counter[tuple[str, str]]] = Counter()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._target = transport.get_extra_info("sockname")[0]

    def data_received(self, data: bytes) -> None:
        asked = data.split(b" ", 2)[1].decode()
        if asked.startswith("/stats/"):
            side = asked.removeprefix("/stats")
            self._answer(str(sum(count for (_, path), count in self.given.items() if path == side)).encode())
        elif (nth := self.given[self._target, asked]) < ROWS:
            self.given[self._target, asked] += 1
            self._answer(self.pages[nth % len(self.pages)])

    def _answer(self, body: bytes) -> None:
        head = f"HTTP/1.1 200 OK\r\nContent-Type: text/plain; version=0.0.4\r\nContent-Length: {len(body)}\r\n\r\n"
        self._transport.writelines([head.encode(), body])


async def serve(shape: Shape) -> None:
    Server.pages = shape.pages()
    server = await asyncio.get_running_loop().create_server(Server, "0.0.0.0", PORT)
    await server.serve_forever()


def main() -> None:
    with tempfile.TemporaryDirectory() as temporary:
        root = Path(os.environ.get("FOLDER", temporary))
        for nth, shape in enumerate(SHAPES):
            measure(shape, root / str(nth))


if __name__ == "__main__" and sys.argv[1:2] == ["serve"]:
    asyncio.run(serve(SHAPES[int(sys.argv[2])]))
