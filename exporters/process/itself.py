"""The `process_*` families of the process that answers, under the names that every client library gives them."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final

from exporters.exposition.families import Family, MetricType, Sample
from exporters.kernel import Tree

_G, _C = MetricType.GAUGE, MetricType.COUNTER
TABLE: Final = (
    ("process_cpu_seconds_total", _C, "Total user and system CPU time spent in seconds."),
    ("process_max_fds", _G, "Maximum number of open file descriptors."),
    ("process_open_fds", _G, "Number of open file descriptors."),
    ("process_resident_memory_bytes", _G, "Resident memory size in bytes."),
    ("process_start_time_seconds", _G, "Start time of the process since unix epoch in seconds."),
    ("process_virtual_memory_bytes", _G, "Virtual memory size in bytes."),
    ("process_virtual_memory_max_bytes", _G, "Maximum amount of virtual memory available in bytes."),
)
_UNLIMITED: Final = float(2**64 - 1)


class Itself:
    """Tells what the system tells; families of which it tells nothing are left out."""

    def __init__(self, procfs: Path = Path("/proc")) -> None:
        self._proc = Tree(procfs) if sys.platform.startswith("linux") else None
        self._started: float | None = None

    def read(self) -> list[Family]:
        values = dict(self._linux(self._proc) if self._proc is not None else self._others())
        return [
            Family(name, type_, help_, [Sample(name, (), values[name])])
            for name, type_, help_ in TABLE
            if name in values
        ]

    def _linux(self, proc: Tree) -> Iterator[tuple[str, float]]:
        import resource  # noqa: PLC0415 - not on every system

        usage = os.times()
        yield "process_cpu_seconds_total", usage.user + usage.system
        size, resident, *_ = (float(pages) * resource.getpagesize() for pages in proc.value("self/statm").split())
        yield "process_resident_memory_bytes", resident
        yield "process_virtual_memory_bytes", size
        yield "process_open_fds", float(len(proc.names("self/fd")) - 1)  # without the one that lists them
        for name, which in (
            ("process_max_fds", resource.RLIMIT_NOFILE),
            ("process_virtual_memory_max_bytes", resource.RLIMIT_AS),
        ):
            limit, _ = resource.getrlimit(which)
            yield name, _UNLIMITED if limit == resource.RLIM_INFINITY else float(limit)
        if self._started is None:
            self._started = started(proc, "self")
        yield "process_start_time_seconds", self._started

    def _others(self) -> Iterator[tuple[str, float]]:
        import psutil  # noqa: PLC0415 - Linux needs none of it

        ourselves = psutil.Process()
        times, memory = ourselves.cpu_times(), ourselves.memory_info()
        yield "process_cpu_seconds_total", times.user + times.system
        yield "process_resident_memory_bytes", float(memory.rss)
        yield "process_virtual_memory_bytes", float(memory.vms)
        yield "process_start_time_seconds", ourselves.create_time()
        with suppress(AttributeError):  # Windows counts handles instead
            yield "process_open_fds", float(ourselves.num_fds())


def started(proc: Tree, process: str) -> float:
    """When a process began, in Unix seconds: the kernel tells it in ticks since the machine's start. Raises OSError."""
    ticks = float(proc.value(f"{process}/stat").rpartition(")")[2].split()[19])
    return booted(proc) + ticks / 100.0


def booted(proc: Tree) -> float:
    """When the machine started, in Unix seconds. Raises OSError, ValueError."""
    for line in proc.text("stat").splitlines():
        if line.startswith("btime "):
            return float(line.split()[1])
    raise ValueError("the kernel does not tell when the machine started")
