"""Traffic by network device, from `net/dev`.

Packets that no handler took are not in that table; they come from sysfs where it tells.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from exporters.exposition.families import Family, MetricType
from exporters.node import reading
from exporters.node.options import NodeOptions

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
        for field, value in fields.items():
            name = f"node_network_{field}_total"
            family = table.setdefault(name, Family(name, MetricType.COUNTER, f"{field} as the kernel counts it."))
            family.add(value, (("device", device),))
    return list(table.values())


def read(options: NodeOptions) -> list[Family]:
    stats = parse(reading.text(options.procfs / "net/dev"))
    for device in stats:
        stats[device] |= _without_handler(options.sysfs, device)
    return families(stats, reading.device_filter(options.netdev_device_exclude, options.netdev_device_include))


def _without_handler(sysfs: Path, device: str) -> dict[str, float]:
    count = reading.text_or_none(sysfs / "class/net" / device / "statistics/rx_nohandler")
    return {} if count is None else {"receive_nohandler": float(count)}
