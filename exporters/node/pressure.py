"""Seconds lost to contention for CPU, memory and I/O, from `pressure/*`."""

from __future__ import annotations

import errno
from typing import Final

from exporters.exposition.families import Family
from exporters.node import reading
from exporters.node.errors import NoDataError
from exporters.node.options import NodeOptions

SHOWN: Final = (  # file, line, family's middle, help
    ("cpu", "some", "cpu_waiting", "Seconds in which processes waited for a CPU."),
    ("io", "some", "io_waiting", "Seconds in which processes waited for input or output."),
    ("io", "full", "io_stalled", "Seconds in which no process could go on, for input or output."),
    ("memory", "some", "memory_waiting", "Seconds in which processes waited for memory."),
    ("memory", "full", "memory_stalled", "Seconds in which no process could go on, for memory."),
)


def parse(pressure: str) -> dict[str, float]:
    """`some` and `full` -> microseconds in total."""
    totals = {}
    for line in pressure.splitlines():
        kind, *fields = line.split()
        totals[kind] = float(dict(field.split("=") for field in fields)["total"])
    return totals


def families(totals: dict[str, dict[str, float]]) -> list[Family]:
    return [
        reading.counter(f"node_pressure_{middle}_seconds_total", help_, totals[file][line] / 1_000_000)
        for file, line, middle, help_ in SHOWN
        if line in totals[file]
    ]


def read(options: NodeOptions) -> list[Family]:
    folder = options.procfs / "pressure"
    try:
        return families({file: parse(reading.text(folder / file)) for file in ("cpu", "io", "memory")})
    except OSError as error:
        if error.errno in (errno.ENOENT, errno.EOPNOTSUPP):
            raise NoDataError("this kernel keeps no pressure information") from None
        raise
