"""Bytes that wait in UDP sockets, from `net/udp` and `net/udp6`."""

from __future__ import annotations

from contextlib import suppress

from exporters.exposition.families import Family, MetricType
from exporters.node.errors import NoDataError
from exporters.node.machine import Machine

HELP = "Number of allocated memory in the kernel for UDP datagrams in bytes."


def parse(udp: str) -> tuple[int, int]:
    """Bytes to send and bytes received, summed over the sockets, one a line; they are hexadecimal, `tx:rx`."""
    queues = [line.split()[4].split(":") for line in udp.splitlines()[1:] if line.strip()]
    return sum(int(tx, 16) for tx, _ in queues), sum(int(rx, 16) for _, rx in queues)


def families(tables: dict[str, str]) -> list[Family]:
    """From the tables of `v4` and `v6`."""
    family = Family("node_udp_queues", MetricType.GAUGE, HELP)
    for ip, table in tables.items():
        for queue, size in zip(("tx", "rx"), parse(table), strict=True):
            family.add(float(size), (("ip", ip), ("queue", queue)))
    return [family]


def read(machine: Machine) -> list[Family]:
    tables = {}
    for ip, file in (("v4", "net/udp"), ("v6", "net/udp6")):
        with suppress(FileNotFoundError):
            tables[ip] = machine.proc.text(file)
    if not tables:
        raise NoDataError("there is no UDP here")
    return families(tables)
