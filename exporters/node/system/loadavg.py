"""The three load averages, from `loadavg`."""

from __future__ import annotations

from typing import Final

from exporters.exposition.families import Family
from exporters.node import reading
from exporters.node.machine import Machine

_MINUTES: Final = (1, 5, 15)


def families(loads: list[float]) -> list[Family]:
    """From the averages over 1, 5 and 15 minutes."""
    return [
        reading.gauge(f"node_load{minutes}", f"{minutes}m load average.", load)
        for minutes, load in zip(_MINUTES, loads, strict=True)
    ]


def parse(loadavg: str) -> list[Family]:
    return families([float(part) for part in loadavg.split()[:3]])


def read(machine: Machine) -> list[Family]:
    return parse(machine.proc.value("loadavg"))
