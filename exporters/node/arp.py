"""Neighbours known by device, from `net/arp`."""

from __future__ import annotations

from collections import Counter

from exporters.exposition.families import Family, MetricType
from exporters.node import reading
from exporters.node.options import NodeOptions


def parse(arp: str) -> list[Family]:
    """One neighbour a line under the heading; the device stands last."""
    counts = Counter(line.split()[-1] for line in arp.splitlines()[1:] if line.strip())
    family = Family("node_arp_entries", MetricType.GAUGE, "Neighbours by device.")
    for device, count in counts.items():
        family.add(float(count), (("device", device),))
    return [family]


def read(options: NodeOptions) -> list[Family]:
    return parse(reading.text(options.procfs / "net/arp"))
