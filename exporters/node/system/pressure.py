"""Seconds lost to contention for CPU, memory and I/O, from `pressure/*`."""

from __future__ import annotations

import errno
from typing import Final

from exporters.exposition.families import Family
from exporters.node import reading
from exporters.node.errors import NoDataError
from exporters.node.machine import Machine

_WAITED: Final = "Total time in seconds that processes have waited"
SHOWN: Final = (  # file, line, family's middle, help
    ("cpu", "some", "cpu_waiting", f"{_WAITED} for CPU time"),
    ("io", "some", "io_waiting", f"{_WAITED} due to IO congestion"),
    ("io", "full", "io_stalled", "Seconds in which no process could go on, for input or output."),
    ("memory", "some", "memory_waiting", f"{_WAITED} for memory"),
    ("memory", "full", "memory_stalled", "Seconds in which no process could go on, for memory."),
)


def parse(pressure: str) -> dict[str, float]:
    """`some` and `full` -> microseconds in total."""
    totals = {}
    for line in pressure.splitlines():
        kind, _, rest = line.partition(" ")
        _, equals, total = rest.rpartition("total=")
        if not equals:
            raise ValueError(f"a line of pressure without its total: {line}")
        totals[kind] = float(total)
    return totals


def families(totals: dict[str, dict[str, float]]) -> list[Family]:
    return [
        reading.counter(f"node_pressure_{middle}_seconds_total", help_, totals[file][line] / 1_000_000)
        for file, line, middle, help_ in SHOWN
        if line in totals[file]
    ]


def read(machine: Machine) -> list[Family]:
    try:
        return families({file: parse(machine.proc.value(f"pressure/{file}")) for file in ("cpu", "io", "memory")})
    except OSError as error:
        if error.errno in (errno.ENOENT, errno.EOPNOTSUPP):
            raise NoDataError("this kernel keeps no pressure information") from None
        raise
