"""Bytes that wait in UDP sockets, from `net/udp` and `net/udp6`."""

from __future__ import annotations

from exporters.exposition.families import Family, MetricType
from exporters.node import reading
from exporters.node.errors import NoDataError
from exporters.node.options import NodeOptions


def parse(udp: str) -> tuple[int, int]:
    """Bytes to send and bytes received, summed over the sockets, one a line; they are hexadecimal, `tx:rx`."""
    queues = [line.split()[4].split(":") for line in udp.splitlines()[1:] if line.strip()]
    return sum(int(tx, 16) for tx, _ in queues), sum(int(rx, 16) for _, rx in queues)


def families(tables: dict[str, str]) -> list[Family]:
    """From the tables of `v4` and `v6`."""
    family = Family("node_udp_queues", MetricType.GAUGE, "Bytes that wait in UDP sockets.")
    for ip, table in tables.items():
        for queue, size in zip(("tx", "rx"), parse(table), strict=True):
            family.add(float(size), (("ip", ip), ("queue", queue)))
    return [family]


def read(options: NodeOptions) -> list[Family]:
    files = {"v4": options.procfs / "net/udp", "v6": options.procfs / "net/udp6"}
    tables = {ip: reading.text(path) for ip, path in files.items() if path.exists()}
    if not tables:
        raise NoDataError("there is no UDP here")
    return families(tables)
