"""Packets as each CPU took them from the network cards, from `net/softnet_stat`."""

from __future__ import annotations

from typing import Final

from exporters.exposition.families import Family, MetricType
from exporters.node.machine import Machine

COLUMNS: Final = (
    ("node_softnet_processed_total", "Number of processed packets"),
    ("node_softnet_dropped_total", "Number of dropped packets"),
    ("node_softnet_times_squeezed_total", "Number of times processing packets ran out of quota"),
)


def parse(softnet_stat: str) -> list[Family]:
    """One line of hexadecimal numbers a CPU."""
    families = [Family(name, MetricType.COUNTER, help_) for name, help_ in COLUMNS]
    for cpu, line in enumerate(softnet_stat.splitlines()):
        for family, count in zip(families, line.split(), strict=False):
            family.add(float(int(count, 16)), (("cpu", str(cpu)),))
    return families


def read(machine: Machine) -> list[Family]:
    return parse(machine.proc.text("net/softnet_stat"))
