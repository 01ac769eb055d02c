"""Packets as each CPU took them from the network cards, from `net/softnet_stat`."""

from __future__ import annotations

from typing import Final

from exporters.exposition.families import Family, MetricType
from exporters.node import reading
from exporters.node.options import NodeOptions

COLUMNS: Final = (
    ("node_softnet_processed_total", "Packets processed."),
    ("node_softnet_dropped_total", "Packets dropped."),
    ("node_softnet_times_squeezed_total", "Turns that ended with work left."),
)


def parse(softnet_stat: str) -> list[Family]:
    """One line of hexadecimal numbers a CPU."""
    families = [Family(name, MetricType.COUNTER, help_) for name, help_ in COLUMNS]
    for cpu, line in enumerate(softnet_stat.splitlines()):
        for family, count in zip(families, line.split(), strict=False):
            family.add(float(int(count, 16)), (("cpu", str(cpu)),))
    return families


def read(options: NodeOptions) -> list[Family]:
    return parse(reading.text(options.procfs / "net/softnet_stat"))
