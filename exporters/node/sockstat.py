"""Sockets by protocol and state, from `net/sockstat` and `net/sockstat6`."""

from __future__ import annotations

import os

from exporters.exposition.families import Family
from exporters.node import reading
from exporters.node.options import NodeOptions


def parse(sockstat: str, page_size: int) -> list[Family]:
    """Lines such as `TCP: inuse 4 mem 2`; memory is counted in pages and shown in bytes too."""
    families = []
    for line in sockstat.splitlines():
        protocol, *fields = line.split()
        protocol = protocol.removesuffix(":")
        for field, value in zip(fields[::2], map(float, fields[1::2]), strict=True):
            families.append(_family(protocol, field, value))
            if field == "mem":
                families.append(_family(protocol, "mem_bytes", value * page_size))
    return families


def read(options: NodeOptions) -> list[Family]:
    page_size = os.sysconf("SC_PAGE_SIZE")
    net = options.procfs / "net"
    families = parse(reading.text(net / "sockstat"), page_size)
    if (net / "sockstat6").exists():  # it is missing where IPv6 is off
        families += parse(reading.text(net / "sockstat6"), page_size)
    return families


def _family(protocol: str, field: str, value: float) -> Family:
    return reading.gauge(f"node_sockstat_{protocol}_{field}", f"{field} of {protocol} sockets.", value)
