"""From the command to all ports ready, on a stack's own files: the engine beside the programs it stands for.

`python -m benchmarks start`, with STACK=folder for other files than the example's. Where a compose file lies there, all
that it describes is started too.
"""

from __future__ import annotations

import os
import statistics
import tempfile
from contextlib import ExitStack
from pathlib import Path

from benchmarks.harness import ENGINE, median, peer, report, running

STACK = Path(os.environ.get("STACK", Path(__file__).parent.parent / "examples" / "stack"))
READY = ("http://127.0.0.1:9090/-/ready", "http://127.0.0.1:9093/-/ready", "http://127.0.0.1:9100/metrics")
WHOLE = (
    *READY, "http://127.0.0.1:8080/metrics", "http://127.0.0.1:9115/metrics", "http://127.0.0.1:3100/ready",
    "http://127.0.0.1:9080/metrics", "http://127.0.0.1:3000/api/health",
)  # fmt: skip
RUNS = 7


def main() -> None:
    report("start to all ports ready", "s", median(RUNS, engine), originals_median(), "the originals")
    report("resident memory, ready and idle", "MB", median(3, engine_memory), originals_memory(), "the originals")
    for compose in STACK.glob("docker-compose*.yml"):
        seconds, memory = zip(*(whole(compose) for _ in range(RUNS)), strict=True)
        report(f"{compose.name}: start to all ports ready", "s", statistics.median(seconds), None, "")
        report(f"{compose.name}: memory then", "MB", statistics.median(memory), None, "")


def engine() -> float:
    with tempfile.TemporaryDirectory() as folder, running(_engine(folder), Path(folder, "log")) as program:
        return program.wait_for(*READY)


def engine_memory() -> float:
    with tempfile.TemporaryDirectory() as folder, running(_engine(folder), Path(folder, "log")) as program:
        program.wait_for(*READY)
        return program.usage().resident_bytes / 1e6


def whole(compose: Path) -> tuple[float, float]:
    """Seconds until the last port is ready, and MB then."""
    with tempfile.TemporaryDirectory() as folder:
        command = [*ENGINE, "run", "--compose", str(compose), "--data-dir", f"{folder}/data"]
        with running(command, Path(folder, "log")) as program:
            seconds = program.wait_for(*WHOLE)
            return seconds, program.usage().resident_bytes / 1e6


def _engine(folder: str) -> list[str]:
    return [*ENGINE, "run", "--config", str(STACK / "prometheus" / "prometheus.yml"), "--data-dir", f"{folder}/data"]


def originals_median() -> float | None:
    return median(RUNS, lambda: _originals()[0]) if _commands(Path()) else None


def originals_memory() -> float | None:
    return _originals()[1] if _commands(Path()) else None


def _commands(folder: Path) -> list[tuple[list[str], str]] | None:
    """The three originals' command lines and the page that tells that each is ready; None where one is missing."""
    prometheus, alertmanager, node = (
        peer(name) for name in ("prometheus", "prometheus-alertmanager", "prometheus-node-exporter")
    )
    if not (prometheus and alertmanager and node):
        return None
    config = STACK / "alertmanager" / "config.yml"
    return [
        (
            [
                prometheus,
                f"--config.file={STACK / 'prometheus' / 'prometheus.yml'}",
                f"--storage.tsdb.path={folder / 'prometheus'}",
                "--web.listen-address=127.0.0.1:9090",
            ],
            READY[0],
        ),
        (
            [
                alertmanager,
                f"--config.file={config}",
                f"--storage.path={folder / 'alertmanager'}",
                "--web.listen-address=127.0.0.1:9093",
                "--cluster.listen-address=",
            ],
            READY[1],
        ),
        ([node, "--web.listen-address=127.0.0.1:9100"], READY[2]),
    ]


def _originals() -> tuple[float, float]:
    """Seconds until the slowest is ready when all are started at once, and the sum of their memory in MB."""
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        commands = _commands(Path(folder)) or []
        programs = [
            (stack.enter_context(running(command, Path(folder, f"log{i}"))), url)
            for i, (command, url) in enumerate(commands)
        ]
        first = min(program.started for program, _ in programs)
        ready = max(program.started + program.wait_for(url) for program, url in programs) - first
        return ready, sum(program.usage().resident_bytes for program, _ in programs) / 1e6
