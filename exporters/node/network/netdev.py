"""Traffic by network device, from `net/dev`.

Packets that no handler took are not in that table; they come from sysfs where it tells.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from exporters.exposition.families import Family, MetricType
from exporters.kernel import Tree
from exporters.node import reading
from exporters.node.machine import Machine

RECEIVE: Final = ("bytes", "packets", "errs", "drop", "fifo", "frame", "compressed", "multicast")
TRANSMIT: Final = ("bytes", "packets", "errs", "drop", "fifo", "colls", "carrier", "compressed")
FIELDS: Final = (*(f"receive_{field}" for field in RECEIVE), *(f"transmit_{field}" for field in TRANSMIT))


def parse(dev: str) -> dict[str, dict[str, float]]:
    """Device -> field -> count, from the table under its two lines of headings."""
    stats: dict[str, dict[str, float]] = {}
    for line in dev.splitlines()[2:]:
        device, _, counts = line.rpartition(":")
        stats[device.strip()] = dict(zip(FIELDS, map(float, counts.split()), strict=True))
    return stats


def families(stats: Mapping[str, Mapping[str, float]], keeps: Callable[[str], bool]) -> list[Family]:
    table: dict[str, Family] = {}
    for device, fields in stats.items():
        if not keeps(device):
            continue
        labels = (("device", device),)
        for field, value in fields.items():
            family = table.get(field)
            if family is None:
                name, help_ = f"node_network_{field}_total", f"Network device statistic {field}."
                family = table[field] = Family(name, MetricType.COUNTER, help_)
            family.add(value, labels)
    return list(table.values())


def read(machine: Machine) -> list[Family]:
    options = machine.options
    stats = parse(machine.proc.text("net/dev"))
    if options.netdev_netlink:
        for device in stats:
            stats[device] |= _without_handler(machine.sys, device)
    return families(stats, reading.device_filter(options.netdev_device_exclude, options.netdev_device_include))


def _without_handler(sysfs: Tree, device: str) -> dict[str, float]:
    count = sysfs.value_or_none(f"class/net/{device}/statistics/rx_nohandler")
    return {} if count is None else {"receive_nohandler": float(count)}
