"""CPU of one scrape of the machine, ours beside node_exporter's: over HTTP as Prometheus asks, and in process.

A scrape is a GET over a kept connection that takes gzip. In process it is what the engine does for itself: read the
files and render the page, which another part of the process then parses.
"""

from __future__ import annotations

import http.client
import statistics
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from benchmarks.harness import ENGINE, Program, free_port, peer, report, running
from exporters.cadvisor.exporter import Cadvisor
from exporters.exposition.negotiate import Format
from exporters.exposition.render import render
from exporters.node.exporter import NodeExporter
from exporters.serve import Exporter

SCRAPES: Final = 300
ROUNDS: Final = 3
_HEADERS: Final = {"Accept": "text/plain;version=0.0.4;q=0.5,*/*;q=0.1", "Accept-Encoding": "gzip"}
# What a distribution's build adds.
_SAME: Final = ("--no-collector.systemd", "--web.disable-exporter-metrics")


def over_http(program: Program, port: int) -> float:
    """CPU milliseconds of a scrape, of the whole process tree."""
    connection = http.client.HTTPConnection("127.0.0.1", port)
    _get(connection)
    found = []
    for _ in range(ROUNDS):
        before = program.usage().cpu_seconds
        for _ in range(SCRAPES):
            _get(connection)
        found.append((program.usage().cpu_seconds - before) / SCRAPES * 1000)
    connection.close()
    return statistics.median(found)


def _get(connection: http.client.HTTPConnection) -> None:
    connection.request("GET", "/metrics", headers=_HEADERS)
    answer = connection.getresponse()
    body = answer.read()
    if answer.status != 200:
        raise RuntimeError(body.decode())


def alone(command: Sequence[str], port: int, folder: Path) -> float:
    with running(command, folder / "log") as program:
        program.wait_for(f"http://127.0.0.1:{port}/metrics")
        return over_http(program, port)


def in_process(exporter: Exporter) -> float:
    """CPU milliseconds of a scrape."""
    render(exporter.collect(), Format.TEXT)
    found = []
    for _ in range(ROUNDS):
        before = time.process_time()
        for _ in range(SCRAPES):
            render(exporter.collect(), Format.TEXT)
        found.append((time.process_time() - before) / SCRAPES * 1000)
    return statistics.median(found)


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder, ports = Path(name), [free_port() for _ in range(3)]
        original = peer("prometheus-node-exporter")
        theirs = None
        if original is not None:
            theirs = alone([original, f"--web.listen-address=127.0.0.1:{ports[0]}", *_SAME], ports[0], folder)
        flags = ("--web.disable-exporter-metrics",)
        ours = alone([*ENGINE, "exporter", "node", "--listen", f"127.0.0.1:{ports[1]}", *flags], ports[1], folder)
        report("node, CPU of a scrape over HTTP", "ms", ours, theirs, "node_exporter")
        report("node, CPU of a scrape in process", "ms", in_process(NodeExporter()), theirs, "node_exporter over HTTP")
        cadvisor = alone([*ENGINE, "exporter", "cadvisor", "--listen", f"127.0.0.1:{ports[2]}"], ports[2], folder)
        report("cadvisor, CPU of a scrape over HTTP", "ms", cadvisor, None, "")
        report("cadvisor, CPU of a scrape in process", "ms", in_process(Cadvisor()), None, "")


if __name__ == "__main__":
    main()
