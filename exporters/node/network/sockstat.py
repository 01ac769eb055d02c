"""Sockets by protocol and state, from `net/sockstat` and `net/sockstat6`."""

from __future__ import annotations

import os
from contextlib import suppress

from exporters.exposition.families import Family
from exporters.node import reading
from exporters.node.machine import Machine


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


def read(machine: Machine) -> list[Family]:
    page_size = os.sysconf("SC_PAGE_SIZE")
    families = parse(machine.proc.text("net/sockstat"), page_size)
    with suppress(FileNotFoundError):  # it is missing where IPv6 is off
        families += parse(machine.proc.text("net/sockstat6"), page_size)
    return families


def _family(protocol: str, field: str, value: float) -> Family:
    help_ = (
        "Number of IPv4 sockets in use." if protocol == "sockets" else f"Number of {protocol} sockets in state {field}."
    )
    return reading.gauge(f"node_sockstat_{protocol}_{field}", help_, value)
