"""What scraping costs: CPU and memory of the engine and of Prometheus, which scrape the same pages in the same run.

`python -m benchmarks ingest`: once one target of 100,000 series each second, once 1,000 targets of 500 series each 15
seconds. Pages come from `benchmarks.load`, whose own cost is not counted. CPU is that of the whole process tree per
million samples, from the first pages taken in (start and learning of names apart) to the end; memory is the peak since
the start. ONE_SECONDS (480: as many rows as two hours at 15 s) and MANY_SECONDS (300) set how long, 0 leaves a run out;
GZIP=0 has pages sent uncompressed; SIDES=engine,original says who takes part; PROFILE=FILE samples the engine with
py-spy, which has to be installed.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec

from benchmarks.harness import ENGINE, Program, free_port, peer, running
from benchmarks.load import Spec, Stats, address

ONE_SECONDS: Final = int(os.environ.get("ONE_SECONDS", "480"))
MANY_SECONDS: Final = int(os.environ.get("MANY_SECONDS", "300"))
GZIP: Final = os.environ.get("GZIP", "1") != "0"
SIDES: Final = os.environ.get("SIDES", "engine,original").split(",")
PROFILE: Final = os.environ.get("PROFILE", "")
_PAUSE: Final = 0.5


@dataclass(frozen=True, slots=True)
class Side:
    """A program that scrapes, and where it listens."""

    name: str
    command: Sequence[str]
    listen: str


@dataclass(frozen=True, slots=True)
class Measured:
    """One side of a run. `start_cpu` is what was used before the span that is measured; bytes are peaks."""

    samples: int
    cpu: float
    start_cpu: float
    peak_bytes: int
    disk_bytes: int
    late_p99_ms: float

    @property
    def per_million(self) -> float:
        return self.cpu / self.samples * 1e6


def main() -> None:
    for spec, seconds in (
        (_spec(1, 100_000, 1, ONE_SECONDS), ONE_SECONDS),
        (_spec(1000, 500, 15, MANY_SECONDS), MANY_SECONDS),
    ):
        if seconds:
            print(f"{spec.targets} x {spec.series} series each {spec.interval:g} s, for {seconds} s", flush=True)
            tell(measured(spec, seconds))


def _spec(targets: int, series: int, interval: float, seconds: int) -> Spec:
    pages = int((seconds + 60) / interval) + 6
    return Spec(targets, series, pages, free_port(), GZIP, interval)


def measured(spec: Spec, seconds: float, more: str = "") -> dict[str, Measured]:
    """Both sides of one run, at the same time; `more` is put into both configurations."""
    with tempfile.TemporaryDirectory() as folder, load(spec), ExitStack() as stack:
        programs = {
            side.name: stack.enter_context(running(side.command, Path(folder, side.name + ".log")))
            for side in commands(Path(folder), spec, more)
        }
        before = {side: _once_warm(side, program, spec) for side, program in programs.items()}
        if PROFILE and "engine" in programs:
            stack.enter_context(_profiled(programs["engine"].process.pid))
        time.sleep(seconds)  # noqa: TID251 - a benchmark lives in real time
        return {
            side: _read(Path(folder, side), side, program, before[side], spec) for side, program in programs.items()
        }


@contextmanager
def load(spec: Spec) -> Iterator[None]:
    command = [sys.executable, "-m", "benchmarks.load", msgspec.json.encode(spec).decode()]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == b"ready\n", "the load could not be made"
            yield
        finally:
            process.kill()


@contextmanager
def _profiled(pid: int) -> Iterator[None]:
    spy = Path(sys.executable).with_name("py-spy")
    process = subprocess.Popen([spy, "record", "-p", str(pid), "-o", PROFILE, "-f", "raw", "-r", "200", "-t"])
    try:
        yield
    finally:
        process.send_signal(signal.SIGINT)
        process.wait()


def commands(folder: Path, spec: Spec, more: str = "") -> Iterator[Side]:
    """What is run on each side, as far as it is there."""
    prometheus = peer("prometheus") if "original" in SIDES else None
    for side in SIDES:
        config, data = folder / f"{side}.yml", folder / side
        config.write_text(_config(side, spec) + more)
        listen = f"127.0.0.1:{free_port()}"
        if side == "engine":
            data.mkdir()
            command = [*ENGINE, "run", "--config", str(config), "--data-dir", str(data), "--web.listen-address", listen]
            yield Side(side, command, listen)
        elif prometheus is not None:
            flags = [f"--storage.tsdb.path={data}", f"--web.listen-address={listen}"]
            yield Side(side, [prometheus, f"--config.file={config}", *flags], listen)


def _config(side: str, spec: Spec) -> str:
    targets = "\n".join(f"      - {address(i)}:{spec.port}" for i in range(spec.targets))
    return (
        f"scrape_configs:\n- job_name: load\n"
        f"  scrape_interval: {spec.interval:g}s\n  scrape_timeout: {spec.interval:g}s\n"
        f"  metrics_path: /{side}/metrics\n  static_configs:\n  - targets:\n{targets}\n"
    )


def stats(side: str, spec: Spec, seconds: float = 0) -> Stats:
    """Of this side, all the time or in the last so many seconds."""
    with urllib.request.urlopen(f"http://127.0.0.1:{spec.port}/stats/{side}/{seconds}", timeout=30) as answer:
        return msgspec.json.decode(answer.read(), type=Stats)


def _once_warm(side: str, program: Program, spec: Spec) -> tuple[int, float]:
    """Pages and CPU seconds so far, once each target was scraped, named and scraped again."""
    while (told := stats(side, spec)).fewest < 2:
        if program.process.poll() is not None:
            raise RuntimeError(program.log.read_text()[-2000:])
        time.sleep(_PAUSE)  # noqa: TID251 - a benchmark lives in real time
    return told.pages, program.usage().cpu_seconds


def _read(data: Path, side: str, program: Program, before: tuple[int, float], spec: Spec) -> Measured:
    told, usage = stats(side, spec), program.usage()
    samples = (told.pages - before[0]) * spec.series
    disk = sum(path.stat().st_size for path in data.rglob("*") if path.is_file())
    cpu = usage.cpu_seconds - before[1]
    return Measured(samples, cpu, before[1], program.peak_bytes(), disk, told.late_p99_ms)


def tell(sides: dict[str, Measured]) -> None:
    for side, m in sides.items():
        print(
            f"  {side:8}: {m.per_million:.3f} CPU s a million samples ({m.samples / 1e6:.2f} million; "
            f"{m.start_cpu:.2f} s before them), peak {m.peak_bytes / 1e6:.0f} MB, disk {m.disk_bytes / 1e6:.1f} MB, "
            f"asked late by {m.late_p99_ms:.1f} ms (p99)",
            flush=True,
        )
    if len(sides) == 2:
        ours, theirs = sides["engine"], sides["original"]
        cpu, memory = ours.per_million / theirs.per_million, ours.peak_bytes / theirs.peak_bytes
        print(f"  ratio: CPU {cpu:.2f}, memory {memory:.2f}", flush=True)


if __name__ == "__main__":
    main()
