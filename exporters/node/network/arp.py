"""Neighbours known by device, from `net/arp`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

from exporters.exposition.families import Family, MetricType
from exporters.node import reading
from exporters.node.machine import Machine


def parse(arp: str, keeps: Callable[[str], bool] = bool) -> list[Family]:
    """One neighbour a line under the heading; the device stands last."""
    counts = Counter(line.split()[-1] for line in arp.splitlines()[1:] if line.strip())
    family = Family("node_arp_entries", MetricType.GAUGE, "ARP entries by device")
    for device, count in counts.items():
        if keeps(device):
            family.add(float(count), (("device", device),))
    return [family] if family.samples else []


def read(machine: Machine) -> list[Family]:
    options = machine.options
    keeps = reading.device_filter(options.arp_device_exclude, options.arp_device_include)
    return parse(machine.proc.text("net/arp"), keeps)
