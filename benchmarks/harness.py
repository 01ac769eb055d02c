"""Starts programs side by side, measures whole process trees, prints ratios.

A benchmark never judges: it prints what it measured. Medians of several runs, because the machine is shared.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import psutil

ENGINE: Final = (sys.executable, "-m", "engine")


@dataclass(frozen=True, slots=True)
class Usage:
    """Of a process and all its children: CPU seconds so far, resident bytes now."""

    cpu_seconds: float
    resident_bytes: int


@dataclass(slots=True)
class Program:
    """A running program; its output goes to `log`."""

    process: subprocess.Popen[bytes]
    started: float
    log: Path

    def usage(self) -> Usage:
        tree = self._tree()
        times = [p.cpu_times() for p in tree]
        return Usage(sum(t.user + t.system for t in times), sum(p.memory_info().rss for p in tree))

    def peak_bytes(self) -> int:
        """The most that was ever resident, of each process of the tree, together."""
        status = [Path(f"/proc/{p.pid}/status").read_text() for p in self._tree()]
        return sum(int(text.partition("VmHWM:")[2].split()[0]) * 1024 for text in status)

    def _tree(self) -> list[psutil.Process]:
        root = psutil.Process(self.process.pid)
        return [root, *root.children(recursive=True)]

    def wait_for(self, *urls: str, seconds: float = 30.0) -> float:
        """Seconds from the start until every URL answers 200. Raises TimeoutError with the program's own words."""
        waiting = list(urls)
        while waiting:
            if answers(waiting[0]):
                waiting.pop(0)
            elif time.perf_counter() - self.started > seconds or self.process.poll() is not None:
                raise TimeoutError(f"no answer from {waiting[0]}:\n{self.log.read_text()[-2000:]}")
            else:
                time.sleep(0.002)  # noqa: TID251 - a benchmark lives in real time
        return time.perf_counter() - self.started


def answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=5) as response:
            return bool(response.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def as_installed() -> dict[str, str]:
    """The environment, but that Python may keep its compiled modules, as that of an installed engine does."""
    return {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


def free_port() -> int:
    """One on loopback that nobody listens at."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


@contextmanager
def running(command: Sequence[str], log: Path, cwd: Path | None = None) -> Iterator[Program]:
    """The program, ended and reaped on the way out."""
    with log.open("wb") as output:
        started = time.perf_counter()
        process = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT, cwd=cwd, env=as_installed())
        try:
            yield Program(process, started, log)
        finally:
            process.send_signal(signal.SIGINT)
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def peer(name: str) -> str | None:
    """The original program's path; says so where it is missing."""
    path = shutil.which(name)
    if path is None:
        print(f"  {name} is not installed: its side is not measured")
    return path


def median(runs: int, measure: Callable[[], float]) -> float:
    return statistics.median(measure() for _ in range(runs))


def report(claim: str, unit: str, engine: float, original: float | None, name: str) -> None:
    """One line: both figures and their ratio."""
    if original is None:
        print(f"{claim}: engine {engine:.3g} {unit}")
    else:
        print(f"{claim}: engine {engine:.3g} {unit}, {name} {original:.3g} {unit}, ratio {engine / original:.2f}")
