"""What churn costs: every label set of a page is replaced again and again; the engine beside Prometheus.

`python -m benchmarks churn`: one target of SERIES (3,000) series, scraped each second; after every fourth scrape all
of them have another `pod`, GENERATIONS (60) times, as if a deployment came each minute of an hour scraped each 15 s.
CPU is that of the whole process tree once it is ready, memory its peak. At the end both tell how many series they have;
the server of the pages is not counted. SIDES=engine,original says who takes part.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
import urllib.parse
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Final

from benchmarks.harness import ENGINE, Program, free_port, peer, report, running

SERIES: Final = int(os.environ.get("SERIES", "3000"))
GENERATIONS: Final = int(os.environ.get("GENERATIONS", "60"))
SIDES: Final = os.environ.get("SIDES", "engine,original").split(",")
LIFE: Final = 4
"""Scrapes in the life of a series, a second each."""
MODES: Final = ("idle", "user", "system", "iowait")


@dataclass(frozen=True, slots=True)
class Measured:
    """One side: CPU seconds, peak bytes, and the series that it tells of."""

    cpu: float
    peak_bytes: int
    series: int


class Pages(BaseHTTPRequestHandler):
    """A page of counters; `scrapes` counts those of each side, so that both see the same pages."""

    scrapes: dict[str, int] = {}  # noqa: RUF012 - one server a process
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        nth = self.scrapes[self.path] = self.scrapes.get(self.path, -1) + 1
        body = page(nth)
        self.send_response(200)
        self.send_header("Content-Type", "text/plain; version=0.0.4")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base's name
        """Nothing to tell."""


def page(nth: int) -> bytes:
    """The page of a scrape; after the last generation an empty one, so that all series end."""
    generation = nth // LIFE
    if generation >= GENERATIONS:
        return b"# the end\n"
    lines = [
        f'x_seconds_total{{cpu="{i // len(MODES)}",mode="{MODES[i % len(MODES)]}",pod="pod-{generation}-{i % 50}"}} '
        f"{(nth % LIFE) * 17 + i * 3}"
        for i in range(SERIES)
    ]
    return "\n".join(["# TYPE x_seconds_total counter", *lines, ""]).encode()


def main() -> None:
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        folder, port = Path(name), free_port()
        server = [sys.executable, "-c", f"from benchmarks.churn import serve; serve({port})"]
        stack.enter_context(running(server, folder / "pages.log")).wait_for(f"http://127.0.0.1:{port}/ready")
        programs = {
            side: (stack.enter_context(running(command, folder / f"{side}.log")), url)
            for side, command, url in _commands(folder, port)
        }
        for program, url in programs.values():
            program.wait_for(f"{url}/-/ready")
        time.sleep(2)  # noqa: TID251 - a benchmark lives in real time
        before = {side: program.usage().cpu_seconds for side, (program, _) in programs.items()}
        time.sleep(GENERATIONS * LIFE)  # noqa: TID251
        done = {side: _measured(program, url, before[side]) for side, (program, url) in programs.items()}
    for side, one in done.items():
        print(f"  {side}: {one.cpu:.2f} CPU s, peak {one.peak_bytes / 1e6:.0f} MB, {one.series} series", flush=True)
    if "engine" in done:
        ours, theirs = done["engine"], done.get("original")
        report("CPU", "s", ours.cpu, theirs and theirs.cpu, "Prometheus")
        report("peak memory", "MB", ours.peak_bytes / 1e6, theirs and theirs.peak_bytes / 1e6, "Prometheus")


def serve(port: int) -> None:
    """The pages, until the process is ended."""
    ThreadingHTTPServer(("127.0.0.1", port), Pages).serve_forever()


def _commands(folder: Path, port: int) -> Iterator[tuple[str, Sequence[str], str]]:
    prometheus = peer("prometheus") if "original" in SIDES else None
    for side in SIDES:
        config, data, listen = folder / f"{side}.yml", folder / side, f"127.0.0.1:{free_port()}"
        config.write_text(
            f"scrape_configs:\n- job_name: churn\n  scrape_interval: 1s\n  scrape_timeout: 1s\n"
            f"  metrics_path: /{side}\n  static_configs:\n  - targets: ['127.0.0.1:{port}']\n"
        )
        if side == "engine":
            command = [*ENGINE, "run", "--config", str(config), "--data-dir", str(data), "--web.listen-address", listen]
            yield side, command, f"http://{listen}"
        elif prometheus is not None:
            more = [f"--storage.tsdb.path={data}", f"--web.listen-address={listen}"]
            yield side, [prometheus, f"--config.file={config}", *more], f"http://{listen}"


def _measured(program: Program, url: str, before: float) -> Measured:
    usage = program.usage()
    return Measured(usage.cpu_seconds - before, program.peak_bytes(), _series(url))


def _series(url: str) -> int:
    query = urllib.parse.urlencode({"query": f"count(last_over_time(x_seconds_total[{GENERATIONS * LIFE + 60}s]))"})
    with urllib.request.urlopen(f"{url}/api/v1/query?{query}", timeout=60) as answer:
        return int(json.load(answer)["data"]["result"][0]["value"][1])


if __name__ == "__main__":
    main()
